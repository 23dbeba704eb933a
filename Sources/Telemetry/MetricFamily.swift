// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A kind of metric that can stand under labels and write itself into a scrape.
package protocol MetricValue: Sendable {
  static var kind: ExpositionText.Kind { get }
  init()
  func expose(as name: String, _ labels: [ExpositionText.Label], into text: inout ExpositionText)
}

extension Counter: MetricValue {
  package static var kind: ExpositionText.Kind { .counter }

  package func expose(
    as name: String, _ labels: [ExpositionText.Label], into text: inout ExpositionText
  ) {
    text.sample(name, labels, "\(self.value)")
  }
}

extension Gauge: MetricValue {
  package static var kind: ExpositionText.Kind { .gauge }

  package func expose(
    as name: String, _ labels: [ExpositionText.Label], into text: inout ExpositionText
  ) {
    text.sample(name, labels, "\(self.value)")
  }
}

extension Histogram: MetricValue {
  package static var kind: ExpositionText.Kind { .histogram }

  package func expose(
    as name: String, _ labels: [ExpositionText.Label], into text: inout ExpositionText
  ) {
    text.histogram(name, labels, self)
  }
}

/// One named metric with its children, one for each set of label values.
///
/// Children are made on first use and kept. The number of children is bounded: past the limit all
/// new label values share one child whose values read `other`, so that nothing a peer sends can
/// make the exposition grow without end.
package final class MetricFamily<Child: MetricValue>: Sendable {
  private let name: String
  private let help: String
  private let labelNames: [String]
  private let childLimit: Int
  private let children = Mutex<[[String]: Child]>([:])

  /// - Parameter childLimit: how many label sets are told apart; 512 is far above what the closed
  ///   sets of operations, codes and AWS's error names make.
  package init(name: String, help: String, labelNames: [String] = [], childLimit: Int = 512) {
    self.name = name
    self.help = help
    self.labelNames = labelNames
    self.childLimit = childLimit
  }

  /// The child for these label values, in the order of the label names. Hot paths keep the child.
  package func child(_ labelValues: String...) -> Child {
    self.children.withLock { children in
      if let child = children[labelValues] { return child }
      let isFull = children.count >= self.childLimit
      let values = isFull ? self.labelNames.map { _ in "other" } : labelValues
      if let child = children[values] { return child }
      let child = Child()
      children[values] = child
      return child
    }
  }
}

extension MetricFamily: MetricSource {
  package func expose(into text: inout ExpositionText) {
    let children = self.children.withLock { $0 }
    text.family(self.name, Child.kind, help: self.help)
    // Sorted, so that two scrapes of the same state are the same text.
    for (values, child) in children.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let labels = zip(self.labelNames, values).map { ExpositionText.Label(name: $0, value: $1) }
      child.expose(as: self.name, labels, into: &text)
    }
  }
}
