// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Telemetry

@Suite struct CounterTableTests {
  private func series(_ source: some MetricSource) -> [String] {
    var families: [FamilySnapshot] = []
    source.collect(into: &families)
    return families.flatMap { family in
      family.samples.map { sample in
        guard case .number(let number) = sample.value else { return "" }
        return sample.labels.map(\.value).joined(separator: ",") + "=" + number.text
      }
    }
  }

  @Test func `each combination is counted by itself, and all are shown in order`() {
    let table = CounterTable(
      "t_total", help: "T.", axes: [LabelAxis("a", ["x", "y"]), LabelAxis("b", ["1", "2", "3"])])
    table.increment(1, 2)
    table.increment(0, 1)
    table.increment(1, 2)
    #expect(self.series(table) == ["x,1=0", "x,2=1", "x,3=0", "y,1=0", "y,2=0", "y,3=2"])
  }

  @Test func `zeros are shown of those alone that were asked for`() {
    let table = CounterTable(
      "t_total", help: "T.",
      axes: [
        LabelAxis("a", ["x", "y"]), LabelAxis("b", ["1", "2"]), LabelAxis("c", ["p", "q"]),
      ],
      zeros: .only([[1, 0, 1]]))
    #expect(self.series(table) == ["y,1,q=0"])
    table.increment(0, 1, 0)
    table.increment(1, 0, 1)
    #expect(self.series(table) == ["x,2,p=1", "y,1,q=1"])
  }

  @Test func `however many combinations occur, there are no more series than slots`() {
    let table = CounterTable(
      "t_total", help: "T.",
      axes: [
        LabelAxis("a", (0..<100).map { "\($0)" }), LabelAxis("b", (0..<100).map { "\($0)" }),
      ], zeros: .only([]), slotLimit: 8)
    for first in 0..<100 {
      for second in 0..<100 { table.increment(first, second) }
    }
    let series = self.series(table)
    #expect(series.count == 9)
    #expect(series.last == "other,other=9992")
    // Those that have a slot keep it.
    table.increment(0, 0)
    #expect(self.series(table).first == "0,0=2")
  }

  @Test func `threads that count at once lose nothing`() async {
    // Fewer slots than combinations, so that they fight for them too.
    let table = CounterTable(
      "t_total", help: "T.", axes: [LabelAxis("a", (0..<64).map { "\($0)" })],
      zeros: .only([]), slotLimit: 40)
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          for index in 0..<40_000 { table.increment(index % 64) }
        }
      }
    }
    let total = self.series(table).reduce(0) { sum, series in
      sum + (series.split(separator: "=").last.flatMap { Int($0) } ?? 0)
    }
    #expect(total == 160_000)
  }

  private enum Fruit: String, CaseIterable {
    case apple
    case bitterOrange = "bitter_orange"
  }

  @Test func `an enumeration's cases are counted under their names`() {
    let counters = LabelledCounters<Fruit>("f_total", help: "F.", label: "fruit")
    counters.increment(.bitterOrange)
    #expect(self.series(counters) == ["apple=0", "bitter_orange=1"])
  }

  @Test func `past its limit a family counts newcomers under other`() {
    let family = MetricFamily<Counter>(name: "c", help: "", labelNames: ["l"], childLimit: 2)
    family.child("a").increment()
    family.child("b").increment()
    family.child("c").increment()
    family.child("d").increment()
    #expect(family.child("a").value == 1)
    #expect(family.child("other").value == 2)
  }
}
