// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whatever shows metrics in a scrape.
package protocol MetricSource: Sendable {
  /// Adds what there is to show now. Not for hot paths.
  func collect(into families: inout [FamilySnapshot])
}

/// The list of everything a scrape shows, in the order of registration.
package final class MetricsRegistry: Sendable {
  private let sources = Mutex<[any MetricSource]>([])

  package init() {}

  package func register(_ source: some MetricSource) {
    self.sources.withLock { $0.append(source) }
  }

  /// Makes a family and registers it.
  package func family<Child: MetricValue>(
    _: Child.Type, _ name: String, help: String, labels: [String] = []
  ) -> MetricFamily<Child> {
    let family = MetricFamily<Child>(name: name, help: help, labelNames: labels)
    self.register(family)
    return family
  }

  /// Makes a table and registers it; see ``CounterTable``.
  package func table(
    _ name: String, help: String, axes: [LabelAxis], zeros: CounterTable.Zeros = .all
  ) -> CounterTable {
    let table = CounterTable(name, help: help, axes: axes, zeros: zeros)
    self.register(table)
    return table
  }

  /// Everything there is to show now. Takes about as long as a scrape, so it belongs off the event
  /// loops.
  package func snapshot() -> [FamilySnapshot] {
    let sources = self.sources.withLock { $0 }
    var families: [FamilySnapshot] = []
    for source in sources {
      source.collect(into: &families)
    }
    return families
  }

  /// One scrape. Belongs off the event loops.
  package func exposition(_ format: ExpositionFormat = .prometheus) -> [UInt8] {
    var text = ExpositionText(format)
    for family in self.snapshot() {
      text.append(family)
    }
    return text.end()
  }
}
