// SPDX-License-Identifier: Apache-2.0

/// Gauges whose levels somebody else keeps: they are asked for at each scrape.
package struct SampledGauges: MetricSource {
  private let name: String
  private let help: String
  private let sample: @Sendable () -> [(labels: [MetricLabel], value: Int64)]

  package init(
    name: String, help: String,
    sample: @escaping @Sendable () -> [(labels: [MetricLabel], value: Int64)]
  ) {
    self.name = name
    self.help = help
    self.sample = sample
  }

  package func collect(into families: inout [FamilySnapshot]) {
    let samples = self.sample().map { labels, value in
      FamilySnapshot.Sample(labels, MetricNumber(value))
    }
    families.append(FamilySnapshot(self.name, .gauge, help: self.help, samples: samples))
  }
}

/// Text that may change, asked for at each scrape and shown as labels; see ``MetricKind/info``.
package struct SampledInfo: MetricSource {
  private let name: String
  private let help: String
  private let labels: @Sendable () -> [MetricLabel]?

  /// - Parameters:
  ///   - name: ends with `_info`.
  ///   - labels: nil as long as there is nothing to tell.
  package init(
    name: String, help: String, labels: @escaping @Sendable () -> [MetricLabel]?
  ) {
    self.name = name
    self.help = help
    self.labels = labels
  }

  package func collect(into families: inout [FamilySnapshot]) {
    let samples = self.labels().map { [FamilySnapshot.Sample($0, MetricNumber(1))] } ?? []
    families.append(FamilySnapshot(self.name, .info, help: self.help, samples: samples))
  }
}

/// A counter that was there before the registry, under its name.
package struct NamedCounter: MetricSource {
  private let name: String
  private let help: String
  private let counter: Counter

  package init(_ counter: Counter, name: String, help: String) {
    self.name = name
    self.help = help
    self.counter = counter
  }

  package func collect(into families: inout [FamilySnapshot]) {
    families.append(
      FamilySnapshot(
        self.name, .counter, help: self.help, MetricNumber(clamping: self.counter.value)))
  }
}
