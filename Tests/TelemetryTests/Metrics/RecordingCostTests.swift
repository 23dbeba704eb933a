// SPDX-License-Identifier: Apache-2.0

import CMalloc
import Glibc
import Testing

@testable import Telemetry

/// Finds out whether some work asks malloc for memory, even if it gives it back.
///
/// glibc keeps for each thread what it has freed, by size, and hands out the last piece first. So
/// pieces of all sizes are marked and freed: who allocates in between gets one and writes over the
/// mark. No other thread has part in it.
private enum HeapMarks {
  private static let sizes = stride(from: 24, through: 1_032, by: 16)
  /// The allocator writes its own notes at the start of what is free.
  private static let notes = 16

  /// A sanitizer has a malloc of its own, whose books are empty here.
  static var areKept: Bool { mallinfo2().arena > 0 }

  static func areOverwritten(by work: () -> Void) -> Bool {
    for size in self.sizes {
      guard let piece = unsafe malloc(size) else { return true }
      unsafe memset(piece, 0xA5, size)
      unsafe free(piece)
    }
    work()
    var areOverwritten = false
    for size in self.sizes {
      guard let piece = unsafe malloc(size) else { return true }
      // What malloc hands out may hold anything, and here what it held before.
      for offset in self.notes..<size
      where unsafe piece.load(fromByteOffset: offset, as: UInt8.self) != 0xA5 {
        areOverwritten = true
      }
      unsafe free(piece)
    }
    return areOverwritten
  }
}

/// What calls record must cost them no memory.
@Suite(.enabled(if: HeapMarks.areKept)) struct RecordingCostTests {
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
    #expect(self.leavesMarksOnce { _ in self.record(histogram, table, words) })
    // A combination that comes up first needs none either.
    #expect(self.leavesMarksOnce { round in firsts.increment(round) })
  }

  /// The runtime's own caches grow while other tests run; work that needs no memory leaves the marks
  /// alone in some of the rounds, and work that needs some in none.
  private func leavesMarksOnce(_ work: (Int) -> Void) -> Bool {
    (0..<50).contains { round in !HeapMarks.areOverwritten { work(round) } }
  }

  @Test func `memory that is taken and given back is noticed`() {
    let family = MetricFamily<Counter>(name: "c_total", help: "C.", labelNames: ["l"])
    family.child("a").increment()
    #expect(!self.leavesMarksOnce { _ in family.child("a").increment() })
  }
}
