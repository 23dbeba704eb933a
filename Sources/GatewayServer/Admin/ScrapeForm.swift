// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Telemetry

/// How one scrape is written.
struct ScrapeForm: Equatable, Sendable {
  /// Versions that differ in nothing that is written here.
  private static let openMetricsVersions = ["1.0.0", "0.0.1"]

  var format = ExpositionFormat.prometheus
  var isCompressed = false

  init() {}

  /// The form that the client likes best.
  ///
  /// Prometheus asks for OpenMetrics by name; a browser, curl and whoever takes anything get the
  /// plain text. Who takes neither gets that too, as from any exporter: to look at it is more use
  /// than an error.
  init(_ headers: HTTPHeaders) {
    let accepted = AcceptedForms(headers["accept"])
    let openMetrics = accepted.wish(
      for: "application/openmetrics-text", versions: Self.openMetricsVersions)
    let plain = accepted.wish(for: "text/plain", versions: ["0.0.4"])
    if openMetrics.weight > plain.weight
      || openMetrics.isExact && openMetrics.weight > 0 && openMetrics.weight == plain.weight
    {
      self.format = .openMetrics
    }
    let codings = AcceptedForms(headers["accept-encoding"])
    let gzip = codings.wish(for: "gzip")
    let identity = codings.wish(for: "identity")
    self.isCompressed =
      gzip.weight > 0 && !(identity.isExact && identity.weight > gzip.weight)
  }
}
