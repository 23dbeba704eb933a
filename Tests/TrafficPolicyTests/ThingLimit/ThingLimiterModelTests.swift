// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
@testable import TrafficPolicy

/// The rule as one would explain it: look the name up in a list, keep a bucket for each name and
/// kind for ever.
private struct NaiveLimiter {
  let settings: ThingLimitSettings
  private var buckets: [String: NaiveBucket] = [:]

  init(_ settings: ThingLimitSettings) {
    self.settings = settings
  }

  private func limit(_ kind: CallKind, _ thing: String) -> RateLimit? {
    let prefix = self.settings.prefixes.keys.filter { thing.hasPrefix($0) }
      .max { $0.count < $1.count }
    let limits =
      self.settings.exact[thing] ?? prefix.flatMap { self.settings.prefixes[$0] }
      ?? self.settings.limits
    return kind == .read ? limits.reads : limits.writes
  }

  mutating func spend(_ kind: CallKind, for thing: String, now: Int64) -> Bool {
    guard let limit = self.limit(kind, thing) else { return true }
    let interval = Int64((1e9 / limit.perSecond).rounded())
    return self.buckets[
      "\(kind) \(thing)", default: NaiveBucket(interval: interval, burst: limit.burst)
    ].spend(now: now)
  }
}

@Suite struct ThingLimiterModelTests {
  @Test(arguments: 0..<12 as Range<UInt64>)
  func `random histories go as the plain rule says`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func limit() -> RateLimit? {
      if Int.random(in: 0..<6, using: &random) == 0 { return nil }
      return RateLimit(
        perSecond: [0.5, 3, 10, 400, 1e6].randomElement(using: &random) ?? 1,
        burst: .random(in: 1...8, using: &random))
    }
    func limits() -> ThingLimits { ThingLimits(reads: limit(), writes: limit()) }
    var settings = ThingLimitSettings()
    settings.limits = limits()
    for name in ["a-1", "a-17", "b"] { settings.exact[name] = limits() }
    for prefix in ["a-", "a-1", "a-12"] { settings.prefixes[prefix] = limits() }
    let bench = LimiterBench(settings)
    var model = NaiveLimiter(settings)
    var differences = 0
    for _ in 0..<6_000 {
      let step: Int64 = [0, 1, 30_000, 5_000_000, 200_000_000].randomElement(using: &random) ?? 0
      let pause = Int64.random(in: 0...step, using: &random)
      bench.clock.advance(by: .nanoseconds(pause))
      let number = Int.random(in: 0..<40, using: &random)
      let thing = number == 0 ? "b" : (number % 2 == 0 ? "a-\(number)" : "c-\(number)")
      let kind: CallKind = .random(using: &random) ? .read : .write
      let isAdmitted = bench.limiter.spend(kind, for: thing) == .admit
      if isAdmitted != model.spend(kind, for: thing, now: bench.clock.now) { differences += 1 }
    }
    #expect(differences == 0)
  }
}
