// SPDX-License-Identifier: Apache-2.0

/// A counter for each case of an enumeration, under one label; see ``CounterTable``.
package struct LabelledCounters<Label>: MetricSource
where Label: CaseIterable & Hashable & RawRepresentable<String> & Sendable {
  private let table: CounterTable
  /// To ask `allCases` for a position may take memory.
  private let positions: [Label: Int]

  package init(_ name: String, help: String, label: String) {
    let values = Label.allCases.map(\.rawValue)
    self.table = CounterTable(name, help: help, axes: [LabelAxis(label, values)])
    self.positions = Dictionary(
      uniqueKeysWithValues: Label.allCases.enumerated().map { ($1, $0) })
  }

  package func increment(_ label: Label) {
    guard let position = self.positions[label] else { return }
    self.table.increment(position)
  }

  package func collect(into families: inout [FamilySnapshot]) {
    self.table.collect(into: &families)
  }
}

extension MetricsRegistry {
  /// Makes a counter for each case of an enumeration and registers them.
  package func counters<Label>(
    _: Label.Type, _ name: String, help: String, label: String
  ) -> LabelledCounters<Label> {
    let counters = LabelledCounters<Label>(name, help: help, label: label)
    self.register(counters)
    return counters
  }
}
