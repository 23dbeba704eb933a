// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Logging
import Telemetry
import Testing

@testable import TrafficPolicy

@Suite struct BreakerChangeTests {
  private let clock = SteppedClock()
  private let registry = MetricsRegistry()
  private let lines = KeptLines.Lines()

  private func breaker(_ settings: BreakerSettings) -> CircuitBreaker {
    let lines = self.lines
    return CircuitBreaker(
      settings, clock: self.clock.policyClock, metrics: BreakerMetrics(registry: self.registry),
      log: BreakerLog(Logger(label: "test") { _ in KeptLines(lines: lines) }))
  }

  private static func settings(
    failures: Int?, pause: Duration = .seconds(10), longest: Duration = .seconds(60)
  ) -> BreakerSettings {
    var settings = BreakerSettings()
    settings.failures = failures
    settings.firstPause = pause
    settings.longestPause = longest
    return settings
  }

  private static func fail(_ breaker: CircuitBreaker, after wait: Duration = .zero) throws {
    breaker.failed(try breaker.admit(), JobsFailure(.unreachable("refused")))
  }

  private static func isOpen(_ breaker: CircuitBreaker) -> Bool {
    (try? breaker.admit()) == nil
  }

  @Test func `failures so far count under the new number`() throws {
    let breaker = self.breaker(Self.settings(failures: 10))
    for _ in 0..<5 { try Self.fail(breaker) }
    breaker.apply(Self.settings(failures: 6))
    #expect(breaker.snapshot == BreakerSnapshot(state: .closed, failures: 5))
    #expect(!Self.isOpen(breaker))
    try Self.fail(breaker)
    #expect(Self.isOpen(breaker))
    let wait = try #require(breaker.snapshot.retryAfterMilliseconds)
    #expect(breaker.snapshot.state == .open && 5_000...10_000 ~= wait)
  }

  @Test func `turned off while AWS is left alone, it lets calls through`() throws {
    let breaker = self.breaker(Self.settings(failures: 1))
    try Self.fail(breaker)
    #expect(Self.isOpen(breaker))
    breaker.apply(Self.settings(failures: nil))
    for _ in 0..<50 { try Self.fail(breaker) }
    #expect(!Self.isOpen(breaker))
    #expect(breaker.snapshot.state == .closed)
    #expect(
      self.lines.all.last == "AWS is called whether it fails or not, calls go through")
    #expect(self.lines.all.count == 2)
    // Whoever was let through before tells nothing of this.
    breaker.apply(Self.settings(failures: 1))
    try Self.fail(breaker)
    #expect(Self.isOpen(breaker))
  }

  @Test func `a pause is no longer than the longest may be now`() throws {
    let breaker = self.breaker(Self.settings(failures: 1))
    try Self.fail(breaker)
    breaker.apply(
      Self.settings(failures: 1, pause: .milliseconds(100), longest: .milliseconds(300)))
    #expect(breaker.snapshot.retryAfterMilliseconds == 300)
    self.clock.advance(by: .milliseconds(300))
    _ = try breaker.admit()
    #expect(breaker.snapshot.state == .halfOpen)
  }

  @Test func `patience is that of the moment in which a call ends`() throws {
    let breaker = self.breaker(Self.settings(failures: 1))
    let pass = try breaker.admit()
    self.clock.advance(by: .milliseconds(500))
    var settings = Self.settings(failures: 1)
    settings.patience = .milliseconds(400)
    breaker.apply(settings)
    breaker.failed(pass, JobsFailure(.deadlineExceeded(mayHaveBeenApplied: false)))
    #expect(Self.isOpen(breaker))
  }

  @Test func `nothing changes for settings that are the same`() throws {
    let settings = Self.settings(failures: 2)
    let breaker = self.breaker(settings)
    try Self.fail(breaker)
    try Self.fail(breaker)
    let before = breaker.snapshot
    breaker.apply(settings)
    #expect(breaker.snapshot == before)
    #expect(self.lines.all.count == 1)
  }
}
