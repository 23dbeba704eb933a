// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whatever can write itself into a scrape.
package protocol MetricSource: Sendable {
  func expose(into text: inout ExpositionText)
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

  /// One scrape. Not for hot paths.
  package func exposition() -> [UInt8] {
    let sources = self.sources.withLock { $0 }
    var text = ExpositionText()
    for source in sources {
      source.expose(into: &text)
    }
    return text.bytes
  }
}

/// Gauges whose levels somebody else keeps: they are asked for at each scrape.
package struct SampledGauges: MetricSource {
  private let name: String
  private let help: String
  private let sample: @Sendable () -> [(labels: [ExpositionText.Label], value: Int64)]

  package init(
    name: String, help: String,
    sample: @escaping @Sendable () -> [(labels: [ExpositionText.Label], value: Int64)]
  ) {
    self.name = name
    self.help = help
    self.sample = sample
  }

  package func expose(into text: inout ExpositionText) {
    text.family(self.name, .gauge, help: self.help)
    for (labels, value) in self.sample() {
      text.sample(self.name, labels, "\(value)")
    }
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

  package func expose(into text: inout ExpositionText) {
    text.family(self.name, .counter, help: self.help)
    self.counter.expose(as: self.name, [], into: &text)
  }
}
