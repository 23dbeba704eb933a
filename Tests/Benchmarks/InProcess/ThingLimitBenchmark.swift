// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization
import Telemetry
import TrafficPolicy

/// What the limit for each thing costs, in time for a decision and in memory for a thing.
enum ThingLimitBenchmark {
  /// Names made at a time: so few that they are still at hand, as the name of a call just read is.
  private static let batch = 1_000

  static func run() {
    for count in [1_000, 100_000, 10_000_000] { self.measure(live: count) }
    self.measureRefusals()
    self.measurePassage(of: 10_000_000, bound: 262_144)
    self.measureNewcomers(bound: 262_144)
  }

  private static func name(_ number: Int) -> String { "sensor-eu-\(number)" }

  private static func limiter(
    _ settings: ThingLimitSettings, clock: PolicyClock = PolicyClock()
  ) -> ThingLimiter {
    let registry = MetricsRegistry()
    let metrics = ThingLimitMetrics(
      registry: registry, limited: RateLimitedMetrics(registry: registry))
    return ThingLimiter(settings, clock: clock, metrics: metrics, offenders: Offenders())
  }

  /// Nothing that is used up comes back while this runs.
  private static func slowSettings(bound: Int) -> ThingLimitSettings {
    var settings = ThingLimitSettings()
    let limit = RateLimit(perSecond: 0.000_1, burst: 1_000_000)
    settings.limits = ThingLimits(reads: limit, writes: limit)
    settings.maxThings = bound
    return settings
  }

  /// The time of one read of each name, in all. The names are made before.
  private static func spend(_ limiter: ThingLimiter, _ numbers: some Sequence<Int>) -> Double {
    let names = numbers.map(self.name)
    return Figures.nanoseconds {
      for name in names { _ = limiter.spend(.read, for: name) }
    }
  }

  private static func measure(live count: Int) {
    let bytesBefore = Figures.allocatedBytes
    let residentBefore = Figures.residentBytes
    let limiter = self.limiter(self.slowSettings(bound: max(count, 262_144)))
    var growing = 0.0
    var mostBytes = 0.0
    for first in stride(from: 0, to: count, by: self.batch) {
      growing += self.spend(limiter, first..<(first + self.batch))
      let each = Double(Figures.allocatedBytes - bytesBefore) / Double(first + self.batch)
      if first + self.batch >= 100_000 { mostBytes = max(mostBytes, each) }
    }
    let bytes = Double(Figures.allocatedBytes - bytesBefore) / Double(count)
    let resident = Double(Figures.residentBytes - residentBefore) / Double(count)
    var known = 0.0
    let rounds = 500
    for _ in 0..<rounds {
      known += self.spend(limiter, (0..<self.batch).map { _ in Int.random(in: 0..<count) })
    }
    Figures.show(
      "thing-limit, \(count) live things", (growing / Double(count), "ns for a new thing"),
      (known / Double(rounds * self.batch), "ns for a known thing"), (bytes, "bytes a thing"),
      (mostBytes, "bytes at most from 100,000 on"), (resident, "resident bytes a thing"))
  }

  /// One thing in a loop.
  private static func measureRefusals() {
    var settings = ThingLimitSettings()
    settings.limits = ThingLimits(reads: RateLimit(perSecond: 1, burst: 1), writes: nil)
    let limiter = self.limiter(settings)
    let refused = self.spend(limiter, repeatElement(7, count: self.batch))
    Figures.show("thing-limit, one thing in a loop", (refused / Double(self.batch), "ns a refusal"))
  }

  /// Ever new things, a microsecond apart, each of which is back to full after 100 milliseconds.
  private static func measurePassage(of count: Int, bound: Int) {
    let origin = ContinuousClock.now
    let microseconds = Microseconds()
    let clock = PolicyClock { origin.advanced(by: .microseconds(microseconds.next())) }
    var settings = ThingLimitSettings()
    settings.maxThings = bound
    let bytesBefore = Figures.allocatedBytes
    let limiter = self.limiter(settings, clock: clock)
    var time = 0.0
    var mostBytes = 0
    for first in stride(from: 0, to: count, by: self.batch) {
      time += self.spend(limiter, first..<(first + self.batch))
      mostBytes = max(mostBytes, Figures.allocatedBytes - bytesBefore)
    }
    Figures.show(
      "thing-limit, \(count) things pass, 100000 live at a time",
      (time / Double(count), "ns for a new thing"), (Double(mostBytes) / 1e6, "MB at most"))
  }

  /// The table is full of live things.
  private static func measureNewcomers(bound: Int) {
    let limiter = self.limiter(self.slowSettings(bound: bound))
    var time = 0.0
    for first in stride(from: 0, to: 2 * bound, by: self.batch) {
      let batch = self.spend(limiter, first..<(first + self.batch))
      if first >= bound { time += batch }
    }
    Figures.show(
      "thing-limit, \(bound) live things and no room", (time / Double(bound), "ns for a new thing"))
  }
}

/// A clock that goes on by one whenever it is read.
private final class Microseconds: Sendable {
  private let count = Atomic<Int64>(0)

  func next() -> Int64 { self.count.add(1, ordering: .relaxed).newValue }
}
