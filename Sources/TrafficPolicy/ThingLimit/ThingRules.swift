// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What the limit for each thing goes by until the settings change: which thing may do what, and
/// whether that is kept.
final class ThingRules: Sendable {
  let mode: LimitMode
  /// Names and prefixes with limits of their own.
  let overrideCount: Int
  /// All that there are.
  let paces: Set<CallPace>
  private let defaults: ThingPaces
  private let overrides: LimitOverrides

  init(_ settings: ThingLimitSettings) {
    self.mode = settings.mode
    self.overrideCount = settings.exact.count + settings.prefixes.count
    self.defaults = ThingPaces(settings.limits)
    self.overrides = LimitOverrides(exact: settings.exact, prefixes: settings.prefixes)
    let all =
      [self.defaults] + settings.exact.values.map(ThingPaces.init)
      + settings.prefixes.values.map(ThingPaces.init)
    self.paces = Set(all.flatMap { [$0.reads, $0.writes] }.compactMap(\.self))
  }

  /// Nil: as much as it likes.
  func pace(of kind: CallKind, for name: String) -> CallPace? {
    guard self.mode != .off else { return nil }
    return (self.overrides.paces(for: name) ?? self.defaults).pace(of: kind)
  }

  /// How long the slowest bucket takes to fill; nil if none is kept.
  var longestFillNanoseconds: Int64? {
    guard self.mode != .off else { return nil }
    return self.paces.map(\.fillNanoseconds).max() ?? 0
  }
}
