// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// What went wrong of late, by kind.
enum LiveFailures {
  /// One kind of failure, of a closed set: all of it comes from metrics' labels.
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
    var outcome: CallOutcome
  }

  /// How many of each kind there have been since the start.
  static func totals(_ reading: MetricsReading) -> [Kind: Double] {
    let samples =
      reading.all("iot_jobs_gateway_failures_total").map { (Self.answered($0), $0) }
      + reading.all("iot_jobs_gateway_upstream_requests_total").map { (Self.attempt($0), $0) }
      + reading.all("iot_jobs_gateway_upstream_connect_failures_total").map {
        (Self.connect($0), $0)
      }
    return samples.reduce(into: [:]) { totals, sample in
      guard let kind = sample.0, let count = sample.1.number else { return }
      totals[kind, default: 0] += count
    }
  }

  private static func answered(_ sample: FamilySnapshot.Sample) -> Kind? {
    let outcome = CallOutcome(code: sample["code"] ?? "")
    guard outcome != .cancelled else { return nil }
    return Kind(
      side: .answered, operation: sample["method"] ?? "", reason: sample["reason"] ?? "",
      outcome: outcome)
  }

  /// Nil for an attempt that was answered with what was asked for.
  private static func attempt(_ sample: FamilySnapshot.Sample) -> Kind? {
    let status = sample["http_status"] ?? ""
    let error = sample["error"] ?? ""
    if status == "200", error.isEmpty { return nil }
    let reason = error.isEmpty ? (status.isEmpty ? "no answer" : "HTTP \(status)") : error
    let outcome: CallOutcome =
      switch status {
      case "400", "404", "409": .caller
      case "429": .limited
      default: .failed
      }
    return Kind(
      side: .aws, operation: sample["operation"] ?? "", reason: reason, outcome: outcome)
  }

  private static func connect(_ sample: FamilySnapshot.Sample) -> Kind {
    Kind(side: .aws, operation: "connect", reason: sample["reason"] ?? "", outcome: .failed)
  }
}
