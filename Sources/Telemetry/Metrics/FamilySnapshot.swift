// SPDX-License-Identifier: Apache-2.0

/// What a metric is, in the words of the exposition formats.
package enum MetricKind: String, Sendable {
  case counter, gauge, histogram
  /// Text that seldom changes, in the labels of a sample that is always 1. Its name ends with
  /// `_info`. Prometheus's older format takes it for a gauge.
  case info
}

package struct MetricLabel: Equatable, Sendable {
  package let name: String
  package let value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// All that one metric shows at one moment.
package struct FamilySnapshot: Sendable {
  package enum Value: Sendable {
    case number(MetricNumber)
    case histogram(HistogramSnapshot)
  }

  package struct Sample: Sendable {
    package let labels: [MetricLabel]
    package let value: Value

    package init(_ labels: [MetricLabel] = [], _ value: Value) {
      self.labels = labels
      self.value = value
    }

    package init(_ labels: [MetricLabel] = [], _ number: MetricNumber) {
      self.init(labels, .number(number))
    }
  }

  package let name: String
  package let kind: MetricKind
  package let help: String
  package var samples: [Sample]

  /// - Parameter name: as it stands in the older of the formats; a counter's ends with `_total`, an
  ///   info's with `_info`.
  package init(_ name: String, _ kind: MetricKind, help: String, samples: [Sample] = []) {
    self.name = name
    self.kind = kind
    self.help = help
    self.samples = samples
  }

  /// A metric without labels.
  package init(_ name: String, _ kind: MetricKind, help: String, _ number: MetricNumber) {
    self.init(name, kind, help: help, samples: [Sample(number)])
  }
}

extension FamilySnapshot.Sample {
  package init(_ number: MetricNumber) {
    self.init([], .number(number))
  }
}
