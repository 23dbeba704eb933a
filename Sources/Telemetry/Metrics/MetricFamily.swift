// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A kind of metric that can stand under labels.
package protocol MetricValue: Sendable {
  static var kind: MetricKind { get }
  init()
  /// What it shows now.
  var shown: FamilySnapshot.Value { get }
}

extension Counter: MetricValue {
  package static var kind: MetricKind { .counter }
  package var shown: FamilySnapshot.Value { .number(MetricNumber(clamping: self.value)) }
}

extension Gauge: MetricValue {
  package static var kind: MetricKind { .gauge }
  package var shown: FamilySnapshot.Value { .number(MetricNumber(self.value)) }
}

extension Histogram: MetricValue {
  package static var kind: MetricKind { .histogram }
  package var shown: FamilySnapshot.Value { .histogram(self.snapshot()) }
}

/// One named metric with its children, one for each set of label values.
///
/// It is for children that are made at the start and kept by whoever counts: to find one takes a
/// lock and memory. What peers bring about is counted in a ``CounterTable``.
///
/// The number of children is bounded: past the limit all new label values share one child whose
/// values read `other`, so that the exposition cannot grow without end.
package final class MetricFamily<Child: MetricValue>: Sendable {
  private let name: String
  private let help: String
  private let labelNames: [String]
  private let childLimit: Int
  private let children = Mutex<[[String]: Child]>([:])

  /// - Parameter childLimit: how many label sets are told apart; 512 is far above what there is of
  ///   operations, kinds and event loops.
  package init(name: String, help: String, labelNames: [String] = [], childLimit: Int = 512) {
    self.name = name
    self.help = help
    self.labelNames = labelNames
    self.childLimit = childLimit
  }

  /// The child for these label values, in the order of the label names. Whoever counts keeps it.
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
  package func collect(into families: inout [FamilySnapshot]) {
    let children = self.children.withLock { $0 }
    // Sorted, so that two scrapes of the same state are the same text.
    let samples = children.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      values, child in
      FamilySnapshot.Sample(
        zip(self.labelNames, values).map { MetricLabel(name: $0, value: $1) }, child.shown)
    }
    families.append(FamilySnapshot(self.name, Child.kind, help: self.help, samples: samples))
  }
}
