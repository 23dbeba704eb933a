// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// One line of a chart: how a number for one moment comes from the scrapes before and after it.
struct LiveSeries: Sendable {
  enum Derivation: Sendable {
    /// How fast a counter grew, in its unit a second.
    case rate(String, LabelFilter)
    /// A gauge's level.
    case level(String, LabelFilter)
    /// Of how much two counters grew, the part of the first; nil if neither did.
    case share(String, LabelFilter, of: LabelFilter)
    /// The duration that so many of those of the time between were shorter than, in seconds; nil if
    /// there were none.
    case quantile(Double, String, LabelFilter = .any)
  }

  let name: String
  let derivation: Derivation

  /// - Parameter seconds: between the two, more than 0.
  func value(from before: MetricsReading, to now: MetricsReading, seconds: Double) -> Double? {
    switch self.derivation {
    case .rate(let name, let filter):
      return now.sum(name, where: filter).map {
        max(0, $0 - (before.sum(name, where: filter) ?? 0)) / seconds
      } ?? 0
    case .level(let name, let filter):
      return now.sum(name, where: filter)
    case .share(let name, let part, let whole):
      func grown(_ filter: LabelFilter) -> Double {
        max(0, (now.sum(name, where: filter) ?? 0) - (before.sum(name, where: filter) ?? 0))
      }
      let all = grown(whole)
      return all > 0 ? grown(part) / all : nil
    case .quantile(let quantile, let name, let filter):
      return HistogramQuantile.value(
        quantile, from: before.counts(name, where: filter), to: now.counts(name, where: filter))
    }
  }
}

/// A quantile of a histogram's buckets, as Prometheus's `histogram_quantile` finds it: within a bucket
/// the durations are taken to lie evenly.
enum HistogramQuantile {
  private static let bucketCount = Histogram.boundsNanoseconds.count + 1

  /// - Parameters:
  ///   - before: the buckets' own counts, as ``Histogram`` has them; none at the start.
  ///   - now: the same, later.
  /// - Returns: seconds; nil if nothing was counted between the two; the last bound if the quantile
  ///   lies beyond it.
  static func value(_ quantile: Double, from before: [UInt64], to now: [UInt64]) -> Double? {
    guard now.count == Self.bucketCount else { return nil }
    let counts = now.indices.map { index in
      now[index] - min(now[index], before.count == now.count ? before[index] : 0)
    }
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    let rank = quantile * Double(total)
    var below = 0.0
    var lower = 0.0
    for index in 0..<Histogram.boundsNanoseconds.count {
      let bound = Double(Histogram.boundsNanoseconds[index]) / 1e9
      let count = Double(counts[index])
      if count > 0, below + count >= rank {
        return lower + (bound - lower) * (rank - below) / count
      }
      below += count
      lower = bound
    }
    return lower
  }
}
