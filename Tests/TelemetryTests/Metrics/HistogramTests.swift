// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Telemetry

@Suite struct HistogramTests {
  private let histogram = Histogram()

  @Test func `a duration falls into the first bucket whose bound it does not pass`() {
    for index in 0..<17 {
      let bound = Histogram.boundsNanoseconds[index]
      let histogram = Histogram()
      histogram.record(nanoseconds: bound)
      histogram.record(nanoseconds: bound + 1)
      let counts = histogram.snapshot().counts
      #expect(counts[index] == 1)
      #expect(counts[index + 1] == 1)
    }
  }

  @Test func `a duration from a clock that stepped back counts as none`() {
    self.histogram.record(.seconds(-5))
    #expect(self.histogram.snapshot().counts[0] == 1)
    #expect(self.histogram.snapshot().sumNanoseconds == 0)
  }

  @Test func `no exemplar is kept of calls that nobody traces`() {
    self.histogram.record(.seconds(1))
    #expect(self.histogram.snapshot().exemplars.isEmpty)
  }

  @Test func `a bucket keeps its last exemplar`() throws {
    for low in 1...3 {
      self.histogram.record(
        .milliseconds(low), trace: TraceID(high: 9, low: UInt64(low)))
    }
    let kept = self.histogram.snapshot().exemplars
    // 1 ms stands in a bucket of its own, 2.5 ms ends that of 2, and 3 is in the next.
    #expect(kept[3]?.trace.low == 1)
    #expect(kept[4]?.trace.low == 2)
    #expect(kept[5]?.trace.low == 3)
    #expect(kept.compactMap { $0 }.count == 3)
    self.histogram.record(.microseconds(2_400), trace: TraceID(high: 9, low: 4))
    #expect(self.histogram.snapshot().exemplars[4]?.trace.low == 4)
  }

  @Test func `an exemplar is never put together from two`() async {
    let slot = ExemplarSlot()
    await withTaskGroup { group in
      for writer in 1...3 {
        group.addTask {
          for _ in 0..<20_000 {
            let number = UInt64(writer)
            slot.store(
              Exemplar(
                trace: TraceID(high: number, low: number), nanoseconds: number,
                atMilliseconds: number))
          }
        }
      }
      for _ in 0..<20_000 {
        guard let read = slot.load() else { continue }
        let number = read.trace.high
        #expect(
          read
            == Exemplar(
              trace: TraceID(high: number, low: number), nanoseconds: number,
              atMilliseconds: number))
      }
    }
    #expect(slot.load() != nil)
  }
}
