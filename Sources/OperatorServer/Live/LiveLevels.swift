// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// What the page shows of the present with its labels: too seldom of interest for a line of its own.
enum LiveLevels {
  private static let families: [(member: String, family: String)] = [
    ("connections", "iot_jobs_gateway_connections"),
    ("credentials", "iot_jobs_gateway_credentials_expiry_seconds"),
    ("certificates", "iot_jobs_gateway_tls_certificate_not_after_seconds"),
    ("breaker", "iot_jobs_gateway_breaker_state"),
    ("reload_failing", "iot_jobs_gateway_reload_failing"),
    ("clock_offset", "iot_jobs_gateway_clock_offset_seconds"),
    ("build", "iot_jobs_gateway_build_info"),
    ("started", "process_start_time_seconds"),
    ("log_lines_dropped", "iot_jobs_gateway_log_lines_dropped_total"),
  ]

  /// Each family under its member, as a list of its samples: labels, and their `value`.
  static func tree(_ reading: MetricsReading) -> JSONTree {
    .object(
      Self.families.map { member, family in
        let samples = reading.all(family).map { sample in
          JSONTree.object(
            sample.labels.map { ($0.name, .string($0.value)) }
              + [("value", JSONTree(sample.number))])
        }
        return (member, .array(samples))
      })
  }
}
