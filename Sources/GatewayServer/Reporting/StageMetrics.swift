// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Telemetry

/// What is recorded of where calls spent their time, each stage by itself.
struct StageMetrics: Sendable {
  /// By the stage's index.
  private let stages: [Histogram]
  private let total: Histogram

  init(_ durations: StageDurations) {
    self.stages = StageTimes.Stage.allCases.map { durations.histogram($0.rawValue) }
    self.total = durations.histogram("total")
  }

  /// A call of an operation is over.
  ///
  /// - Parameter trace: the call's, if somebody keeps it.
  func callEnded(_ times: StageTimes, total: Duration, trace: TraceID?) {
    self.total.record(total, trace: trace)
    for (index, histogram) in self.stages.enumerated() {
      let microseconds = times[index]
      guard microseconds > 0 else { continue }
      histogram.record(nanoseconds: UInt64(microseconds) * 1_000, trace: trace)
    }
  }
}
