// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// Everything that a scrape would show at one moment, by name.
///
/// What the page shows is thus what Prometheus would have been told; nobody counts anything a second
/// time.
struct MetricsReading: Sendable {
  private let families: [String: [FamilySnapshot.Sample]]

  init(_ families: [FamilySnapshot] = []) {
    self.families = Dictionary(families.map { ($0.name, $0.samples) }) { $0 + $1 }
  }

  /// Those of a name whose labels a filter takes, in the order of the scrape.
  func all(_ name: String, where filter: LabelFilter = .any) -> [FamilySnapshot.Sample] {
    (self.families[name] ?? []).filter(filter.takes)
  }

  /// The sum of those that are numbers; nil if there are none.
  func sum(_ name: String, where filter: LabelFilter = .any) -> Double? {
    let numbers = self.all(name, where: filter).compactMap(\.number)
    return numbers.isEmpty ? nil : numbers.reduce(0, +)
  }

  /// How many durations fell into each bucket of ``Histogram``, of all whose labels a filter takes.
  func counts(_ name: String, where filter: LabelFilter = .any) -> [UInt64] {
    self.all(name, where: filter).reduce(into: []) { sums, sample in
      guard case .histogram(let histogram) = sample.value else { return }
      if sums.isEmpty {
        sums = histogram.counts
      } else {
        for (index, count) in histogram.counts.enumerated() { sums[index] += count }
      }
    }
  }
}

extension FamilySnapshot.Sample {
  subscript(label: String) -> String? { self.labels.first { $0.name == label }?.value }

  /// Nil for a histogram.
  var number: Double? {
    switch self.value {
    case .number(let number): number.approximation
    case .histogram: nil
    }
  }
}

/// Which samples of a family are meant.
enum LabelFilter: Sendable {
  case any
  /// The label has one of these values.
  case label(String, Set<String>)
  /// The label has a value, and none of these.
  case notLabel(String, Set<String>)

  func takes(_ sample: FamilySnapshot.Sample) -> Bool {
    switch self {
    case .any: true
    case .label(let name, let values): sample[name].map(values.contains) ?? false
    case .notLabel(let name, let values): sample[name].map { !values.contains($0) } ?? false
    }
  }
}
