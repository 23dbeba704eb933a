// SPDX-License-Identifier: Apache-2.0

/// The metadata keys of every log line, in one place, so that a query written once keeps working.
///
/// Messages are constant; what varies stands under one of these keys.
package enum LogKey {
  package static let accountReads = "account-reads"
  package static let accountWrites = "account-writes"
  package static let address = "address"
  package static let cacheBytes = "cache-bytes"
  package static let callsPerSecond = "calls-per-second"
  package static let credential = "credential"
  package static let describeTTL = "describe-ttl"
  package static let error = "error"
  package static let expires = "expires"
  package static let grpcCode = "grpc-code"
  package static let hidden = "hidden"
  package static let key = "key"
  package static let kind = "kind"
  package static let listener = "listener"
  package static let method = "method"
  package static let origin = "origin"
  package static let pauseMilliseconds = "pause-ms"
  package static let reason = "reason"
  package static let refused = "refused"
  package static let repair = "repair"
  package static let requestID = "request-id"
  package static let region = "region"
  package static let retryAfter = "retry-after"
  package static let setting = "setting"
  package static let signal = "signal"
  package static let source = "source"
  package static let things = "things"
  package static let thingLimit = "thing-limit"
  package static let thingOverrides = "thing-limit-overrides"
  package static let thingReads = "thing-reads"
  package static let thingWrites = "thing-writes"
  package static let upstream = "upstream"
}
