// SPDX-License-Identifier: Apache-2.0

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
    case quantile(Double, String)
  }

  let name: String
  let derivation: Derivation

  /// The names of the families that the derivation reads.
  var wanted: Set<String> {
    switch self.derivation {
    case .rate(let name, _), .level(let name, _), .share(let name, _, _): [name]
    case .quantile(_, let name): ["\(name)_bucket"]
    }
  }

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
    case .quantile(let quantile, let name):
      return HistogramQuantile.value(
        quantile, from: before.all("\(name)_bucket"), to: now.all("\(name)_bucket"))
    }
  }
}

/// A quantile of a histogram's buckets, as Prometheus's `histogram_quantile` finds it: within a bucket
/// the durations are taken to lie evenly.
enum HistogramQuantile {
  /// - Returns: nil if nothing was counted between the two; the last finite bound if the quantile lies
  ///   beyond it.
  static func value(
    _ quantile: Double, from before: [MetricsReading.Sample], to now: [MetricsReading.Sample]
  ) -> Double? {
    var counts: [Double: Double] = [:]
    for sample in now { counts[Self.bound(sample), default: 0] += sample.value }
    for sample in before { counts[Self.bound(sample), default: 0] -= sample.value }
    let buckets = counts.sorted { $0.key < $1.key }
    guard let total = buckets.last?.value, total > 0 else { return nil }
    let rank = quantile * total
    var lower = (bound: 0.0, count: 0.0)
    for (bound, count) in buckets {
      if count >= rank, count > lower.count {
        guard bound.isFinite else { return lower.bound }
        return lower.bound + (bound - lower.bound) * (rank - lower.count) / (count - lower.count)
      }
      lower = (bound, count)
    }
    return lower.bound
  }

  private static func bound(_ sample: MetricsReading.Sample) -> Double {
    guard let text = sample["le"], text != "+Inf" else { return .infinity }
    return Double(text) ?? .infinity
  }
}
