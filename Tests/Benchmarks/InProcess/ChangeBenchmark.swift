// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Telemetry
import TrafficPolicy

/// What it costs to put other settings in force while much is held: how long it takes, and how long
/// a call may have to wait for a lock meanwhile.
enum ChangeBenchmark {
  static func run() {
    self.measureLimiter(things: 262_144)
    for count in [100, 10_000, 100_000] { self.measureBudget(waiting: count) }
    self.measureCache(from: 16 << 20, to: 4 << 20)
    self.measureCache(from: 256 << 20, to: 16 << 20)
    self.measureCache(from: 256 << 20, to: 128 << 20)
  }

  private static func measureLimiter(things count: Int) {
    var settings = ThingLimitSettings()
    settings.limits.reads?.burst = 1_000
    settings.maxThings = count
    let registry = MetricsRegistry()
    let metrics = ThingLimitMetrics(
      registry: registry, limited: RateLimitedMetrics(registry: registry))
    let limiter = ThingLimiter(
      settings, clock: PolicyClock(), metrics: metrics, offenders: Offenders())
    for number in 0..<count { _ = limiter.spend(.read, for: "sensor-eu-\(number)") }
    for number in 0..<1_000 { settings.prefixes["site-\(number)-"] = settings.limits }
    let time = Figures.nanoseconds { limiter.apply(settings) }
    Figures.show(
      "change, limits of \(count) things, 1000 overrides", (time / 1e6, "ms in all"))
  }

  private static func measureBudget(waiting count: Int) {
    var state = BudgetState<Int>(
      .write, limit: RateLimit(perSecond: 1_000_000, burst: 1), maxWait: 3_600_000_000_000,
      maxWaiting: count, now: 0)
    _ = state.admitAtOnce(now: 0)
    for number in 0..<count {
      _ = state.arrived(
        number, thing: "sensor-eu-\(number % 1_000)", class: .update, startBy: nil, deadline: nil,
        now: 0)
    }
    let rate = Figures.nanoseconds {
      state.changed(
        limit: RateLimit(perSecond: 500_000, burst: 1), maxWait: 3_600_000_000_000,
        maxWaiting: count, now: 0)
    }
    let wait = Figures.nanoseconds {
      state.changed(
        limit: RateLimit(perSecond: 500_000, burst: 1), maxWait: 1_800_000_000_000,
        maxWaiting: count, now: 0)
    }
    Figures.show(
      "change, a budget that \(state.waitingCount) calls wait for", (rate / 1e3, "us for a rate"),
      (wait / 1e3, "us for a longest wait"))
  }

  /// One part's store, as full as it can be of answers with a document of 500 bytes.
  private static func measureCache(from: Int, to: Int) {
    var store = ReadStore(maxBytes: from)
    let document = String(repeating: "{\"path\":\"/opt/fw\"},", count: 25)
    var number = 0
    while store.evictions.capacity == 0 {
      number += 1
      let key = ReadKey(
        thing: "sensor-eu-\(number)", .execution(jobID: "firmware-2024-03-01", number: nil))
      var execution = JobExecution()
      execution.thingName = key.thing
      execution.jobDocument = document
      let read = StoredRead(
        .execution(execution), to: key, withDocument: true, flight: 1, at: 0,
        lifetime: Lifetime(freshUntil: .max))
      _ = store.store(read, at: 0)
    }
    let before = store.count
    var (all, longest, isMoved) = (0.0, 0.0, false)
    while !isMoved {
      let time = Figures.nanoseconds {
        isMoved = store.moveBound(to: to, dropping: 256, at: 0)
      }
      all += time
      longest = max(longest, time)
    }
    Figures.show(
      "change, a cache of \(from >> 20) MiB to \(to >> 20), \(before) entries to \(store.count)",
      (all / 1e6, "ms in all"), (longest / 1e3, "us at most at a time"))
  }
}
