// SPDX-License-Identifier: Apache-2.0

import Telemetry
import Testing

@testable import OperatorServer

@Suite struct LiveSeriesTests {
  private func counts(_ filled: [Int: UInt64]) -> [UInt64] {
    (0...Histogram.boundsNanoseconds.count).map { filled[$0] ?? 0 }
  }

  @Test func `a quantile lies within its bucket, evenly`() throws {
    // Between 500 µs and 1 ms, the fourth bucket.
    let now = self.counts([3: 100])
    let median = try #require(HistogramQuantile.value(0.5, from: [], to: now))
    #expect(abs(median - 0.000_75) < 1e-9)
    #expect(HistogramQuantile.value(1, from: [], to: now) == 0.001)
  }

  @Test func `it tells of the time between alone`() throws {
    let before = self.counts([0: 1_000_000])
    let now = self.counts([0: 1_000_000, 9: 10])
    // Between 50 ms and 100 ms.
    let median = try #require(HistogramQuantile.value(0.5, from: before, to: now))
    #expect(abs(median - 0.075) < 1e-9)
    #expect(HistogramQuantile.value(0.5, from: now, to: now) == nil)
    #expect(HistogramQuantile.value(0.5, from: [], to: []) == nil)
  }

  @Test func `beyond the last bound it is the last bound`() {
    let now = self.counts([Histogram.boundsNanoseconds.count: 1])
    #expect(HistogramQuantile.value(0.99, from: [], to: now) == 30)
  }

  @Test func `a quantile goes over several buckets`() {
    let now = self.counts([0: 50, 6: 40, 12: 10])
    let p50 = HistogramQuantile.value(0.5, from: [], to: now)
    let p90 = HistogramQuantile.value(0.9, from: [], to: now)
    let p99 = HistogramQuantile.value(0.99, from: [], to: now)
    #expect(p50 == 0.000_1)
    #expect(p90 == 0.01)
    #expect(p99.map { $0 > 0.5 && $0 <= 1 } == true)
  }

  private func reading(_ counts: [(String, Int64)]) -> MetricsReading {
    MetricsReading([
      FamilySnapshot(
        "c", .counter, help: "",
        samples: counts.map {
          FamilySnapshot.Sample([MetricLabel(name: "code", value: $0.0)], MetricNumber($0.1))
        })
    ])
  }

  private func value(
    _ derivation: LiveSeries.Derivation, _ before: MetricsReading, _ now: MetricsReading
  ) -> Double? {
    LiveSeries(name: "s", derivation: derivation).value(from: before, to: now, seconds: 2)
  }

  @Test func `a rate is what came a second, of those that are meant`() {
    let before = self.reading([("OK", 10), ("NOT_FOUND", 4)])
    let now = self.reading([("OK", 30), ("NOT_FOUND", 5), ("INTERNAL", 1)])
    #expect(self.value(.rate("c", .any), before, now) == 11)
    #expect(self.value(.rate("c", .label("code", ["OK"])), before, now) == 10)
    #expect(self.value(.rate("c", .notLabel("code", ["OK"])), before, now) == 1)
    #expect(self.value(.rate("none", .any), before, now) == 0)
    // A counter that begins again tells nothing.
    #expect(self.value(.rate("c", .any), now, before) == 0)
  }

  @Test func `a quantile is of those that are meant`() {
    let samples = [("queue", 1), ("backoff", 1_000)].map { stage, milliseconds in
      let histogram = Histogram()
      histogram.record(.milliseconds(milliseconds))
      return FamilySnapshot.Sample(
        [MetricLabel(name: "stage", value: stage)], .histogram(histogram.snapshot()))
    }
    let now = MetricsReading([FamilySnapshot("h", .histogram, help: "", samples: samples)])
    func longest(_ filter: LabelFilter) -> Double? {
      self.value(.quantile(1, "h", filter), MetricsReading(), now)
    }
    #expect(longest(.label("stage", ["queue"])) == 0.001)
    #expect(longest(.label("stage", ["backoff"])) == 1)
    #expect(longest(.any) == 1)
    #expect(longest(.label("stage", ["limiter"])) == nil)
  }

  @Test func `a share of nothing is not known`() {
    let before = self.reading([("hit", 1), ("miss", 1)])
    let now = self.reading([("hit", 4), ("miss", 2)])
    let share = LiveSeries.Derivation.share("c", .label("code", ["hit"]), of: .any)
    #expect(self.value(share, before, now) == 0.75)
    #expect(self.value(share, now, now) == nil)
  }

  @Test func `a level that nobody shows is not known`() {
    let now = self.reading([("a", 3), ("b", 4)])
    #expect(self.value(.level("c", .any), MetricsReading(), now) == 7)
    #expect(self.value(.level("c", .label("code", ["x"])), MetricsReading(), now) == nil)
  }

  @Test func `each code has one outcome`() {
    #expect(CallOutcome(code: "OK") == .ok)
    #expect(CallOutcome(code: "RESOURCE_EXHAUSTED") == .limited)
    #expect(CallOutcome(code: "NOT_FOUND") == .caller)
    #expect(CallOutcome(code: "CANCELLED") == .cancelled)
    for code in ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "other"] {
      #expect(CallOutcome(code: code) == .failed)
      let sample = FamilySnapshot.Sample(
        [MetricLabel(name: "code", value: code)], MetricNumber(1))
      #expect(CallOutcome.allCases.filter { $0.filter.takes(sample) } == [.failed])
    }
    let names = LiveSeries.all.map(\.name)
    #expect(Set(names).count == names.count)
  }
}
