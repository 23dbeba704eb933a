// SPDX-License-Identifier: Apache-2.0

/// What went wrong of late, by kind.
enum LiveFailures {
  /// One kind of failure, of a closed set: the names are metrics' labels.
  struct Kind: Hashable, Sendable {
    enum Side: String, Sendable {
      /// What callers were answered.
      case answered
      /// What AWS, or the way there, answered the gateway.
      case aws
    }

    var side: Side
    var operation: String
    var reason: String
    var outcome = CallOutcome.failed
  }

  static let wanted: Set = [Self.calls, Self.attempts, Self.connects]

  private static let calls = "iot_jobs_gateway_requests_total"
  private static let attempts = "iot_jobs_gateway_upstream_requests_total"
  private static let connects = "iot_jobs_gateway_upstream_connect_failures_total"

  /// How many of each kind there have been since the start.
  static func totals(_ reading: MetricsReading) -> [Kind: Double] {
    var totals: [Kind: Double] = [:]
    for sample in reading.all(Self.calls, where: .notLabel("code", ["OK", "CANCELLED"])) {
      let code = sample["code"] ?? ""
      let kind = Kind(
        side: .answered, operation: sample["method"] ?? "", reason: code,
        outcome: CallOutcome(code: code))
      totals[kind, default: 0] += sample.value
    }
    for sample in reading.all(Self.attempts) {
      let status = sample["http_status"] ?? ""
      let error = sample["error"] ?? ""
      if status == "200", error.isEmpty { continue }
      let reason = error.isEmpty ? (status.isEmpty ? "no answer" : "HTTP \(status)") : error
      let kind = Kind(side: .aws, operation: sample["operation"] ?? "", reason: reason)
      totals[kind, default: 0] += sample.value
    }
    for sample in reading.all(Self.connects) {
      let kind = Kind(side: .aws, operation: "connect", reason: sample["reason"] ?? "")
      totals[kind, default: 0] += sample.value
    }
    return totals
  }
}
