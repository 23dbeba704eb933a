// SPDX-License-Identifier: Apache-2.0

/// The two forms in which a scrape can be written.
package enum ExpositionFormat: CaseIterable, Sendable {
  /// Prometheus's own, version 0.0.4.
  case prometheus
  /// OpenMetrics 1.0.0: the same and exemplars.
  case openMetrics

  package var contentType: String {
    switch self {
    case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }
}
