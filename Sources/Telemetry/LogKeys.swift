// SPDX-License-Identifier: Apache-2.0

/// The metadata keys of every log line, in one place, so that a query written once keeps working.
///
/// Messages are constant; what varies stands under one of these keys.
package enum LogKey {
  package static let address = "address"
  package static let error = "error"
  package static let grpcCode = "grpc-code"
  package static let key = "key"
  package static let listener = "listener"
  package static let method = "method"
  package static let reason = "reason"
  package static let requestID = "request-id"
  package static let signal = "signal"
  package static let upstream = "upstream"
  package static let region = "region"
}
