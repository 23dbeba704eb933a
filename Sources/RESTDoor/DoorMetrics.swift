// SPDX-License-Identifier: Apache-2.0

import AWSSigning
package import Telemetry

/// What is counted of the door alone. Calls are counted with all others, by operation and by the code
/// that gRPC would have.
package final class DoorMetrics: Sendable {
  private let statuses: LabelledCounters<StatusLabel>
  private let signatures: LabelledCounters<SignatureLabel>

  package init(registry: MetricsRegistry) {
    self.statuses = registry.counters(
      StatusLabel.self, "iot_jobs_gateway_rest_responses_total",
      help: "Answers of --rest-listen, by HTTP status.", label: "status")
    self.signatures = registry.counters(
      SignatureLabel.self, "iot_jobs_gateway_rest_signatures_total",
      help: "Signatures of requests to --rest-listen that were checked, by result.",
      label: "result")
  }

  func answered(_ status: Int) {
    self.statuses.increment(StatusLabel(rawValue: String(status)) ?? .other)
  }

  /// - Parameter refusal: nil for a signature that holds.
  func checked(_ refusal: SignatureRefusal?) {
    self.signatures.increment(refusal.map(SignatureLabel.init) ?? .valid)
  }
}

/// The statuses that are told apart: those that the door itself and AWS's model know.
private enum StatusLabel: String, CaseIterable {
  case ok = "200"
  case badRequest = "400"
  case forbidden = "403"
  case notFound = "404"
  case requestTimeout = "408"
  case conflict = "409"
  case gone = "410"
  case bodyTooLarge = "413"
  case targetTooLong = "414"
  case tooManyRequests = "429"
  case headersTooLarge = "431"
  case internalFailure = "500"
  case badGateway = "502"
  case unavailable = "503"
  case gatewayTimeout = "504"
  case outcomeUnknown = "520"
  case other
}

/// What a signature came to, in a word for a metric.
private enum SignatureLabel: String, CaseIterable {
  case valid
  case missing
  case incomplete
  case malformed
  case unknownKey = "unknown_key"
  case wrongScope = "wrong_scope"
  case expired
  case notYetCurrent = "not_yet_current"
  case unsignedHeader = "unsigned_header"
  case mismatch
  case failed

  init(_ refusal: SignatureRefusal) {
    self =
      switch refusal {
      case .malformed: .malformed
      case .missing: .missing
      case .incomplete: .incomplete
      case .wrongScope: .wrongScope
      case .unknownClient: .unknownKey
      case .expiredToken, .signatureExpired: .expired
      case .signatureNotYetCurrent: .notYetCurrent
      case .unsignedHeader: .unsignedHeader
      case .payloadHashMismatch, .mismatch: .mismatch
      case .internalFailure: .failed
      }
  }
}
