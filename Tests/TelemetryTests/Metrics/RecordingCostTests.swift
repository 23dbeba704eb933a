// SPDX-License-Identifier: Apache-2.0

import CAllocationCount
import Testing

@testable import Telemetry

/// What calls record must cost them no memory.
@Suite(.enabled(if: allocations_are_counted)) struct RecordingCostTests {
  private enum Word: String, CaseIterable {
    case first
    case second
  }

  private func record(
    _ histogram: Histogram, _ table: CounterTable, _ words: LabelledCounters<Word>
  ) {
    histogram.record(.milliseconds(3))
    histogram.record(.milliseconds(4), trace: TraceID(high: 1, low: 2))
    table.increment(1, 1)
    words.increment(.second)
  }

  @Test func `recording takes no memory, for failures neither`() {
    let histogram = Histogram()
    let table = CounterTable(
      "t_total", help: "T.", axes: [LabelAxis("a", ["x", "y"]), LabelAxis("b", ["1", "2"])])
    let firsts = CounterTable(
      "f_total", help: "F.", axes: [LabelAxis("a", (0..<50).map { "\($0)" })])
    let words = LabelledCounters<Word>("w_total", help: "W.", label: "word")
    // The first time, a histogram makes room for exemplars, and the runtime looks up what is generic.
    self.record(histogram, table, words)
    #expect(self.allocations { self.record(histogram, table, words) } == 0)
    // A combination that comes up first needs none either.
    firsts.increment(0)
    #expect(self.allocations { firsts.increment(1) } == 0)
  }

  private func allocations(of work: () -> Void) -> UInt64 {
    let before = allocations_of_this_thread()
    work()
    return allocations_of_this_thread() - before
  }

  @Test func `memory that is taken and given back is noticed`() {
    let family = MetricFamily<Counter>(name: "c_total", help: "C.", labelNames: ["l"])
    family.child("a").increment()
    #expect(self.allocations { family.child("a").increment() } > 0)
  }
}
