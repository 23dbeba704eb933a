// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing
import TrafficPolicy

@testable import iot_jobs_gateway

@Suite struct TrafficConfigurationTests {
  private func settings(
    _ flags: [String: String] = [:], file: [String: String] = [:]
  ) throws -> PolicySettings {
    let file = SettingsFile(path: "g.yaml", values: file)
    return try PolicySettings(SettingsReader(flags: flags, environment: [:], file: file))
  }

  private func serve(_ flags: [String: String]) throws -> ServeConfiguration {
    let needed = ["region": "us-east-1", "upstream-endpoint": "http://127.0.0.1:8181"]
    let flags = flags.merging(needed) { given, _ in given }
    return try ServeConfiguration(SettingsReader(flags: flags, environment: [:], file: nil))
  }

  private func complaint(_ flag: String, _ value: String) -> String? {
    do {
      _ = try self.settings([flag: value])
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `the defaults of the flags are the defaults of the policies`() throws {
    #expect(try self.settings() == PolicySettings())
  }

  @Test func `the demonstration keeps the defaults`() throws {
    #expect(try DemoConfiguration(flags: [:]).gateway.policy == PolicySettings())
  }

  @Test func `each limit is read into its own place`() throws {
    let settings = try self.settings([
      "thing-limit": "shadow", "thing-reads-per-second": "1.5", "thing-read-burst": "2",
      "thing-writes-per-second": "0.25", "thing-write-burst": "3", "thing-limit-entries": "2048",
      "thing-limit-override": "door-7=off",
    ]).thingLimit
    var expected = ThingLimitSettings()
    expected.mode = .shadow
    expected.limits = ThingLimits(
      reads: RateLimit(perSecond: 1.5, burst: 2), writes: RateLimit(perSecond: 0.25, burst: 3))
    expected.exact = ["door-7": .unlimited]
    expected.maxThings = 2_048
    #expect(settings == expected)
  }

  @Test func `AWS's own number of attempts counts where ours is not set`() throws {
    func attempts(_ flags: [String: String]) throws -> Int {
      let environment = ["AWS_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "7"]
      let reader = SettingsReader(flags: flags, environment: environment, file: nil)
      return try ServeConfiguration(reader).policy.retries.maxAttempts
    }
    #expect(try attempts([:]) == 7)
    #expect(try attempts(["retry-attempts": "2"]) == 2)
    #expect(try self.serve([:]).policy.retries.maxAttempts == 3)
  }

  @Test func `retries and the breaker are read into their own places`() throws {
    let settings = try self.settings([
      "retry-attempts": "5", "retry-delay": "10ms", "retry-throttled-delay": "2s",
      "retry-max-delay": "7s", "retry-quota": "0", "breaker-failures": "3", "breaker-pause": "4s",
      "breaker-max-pause": "5s", "breaker-probes": "6", "breaker-patience": "0s",
    ])
    var retries = RetrySettings()
    retries.maxAttempts = 5
    retries.baseDelay = .milliseconds(10)
    retries.throttledBaseDelay = .seconds(2)
    retries.maxDelay = .seconds(7)
    retries.quota = 0
    #expect(settings.retries == retries)
    var breaker = BreakerSettings()
    breaker.failures = 3
    breaker.firstPause = .seconds(4)
    breaker.longestPause = .seconds(5)
    breaker.probes = 6
    breaker.patience = .zero
    #expect(settings.breaker == breaker)
    #expect(try self.settings(["breaker-failures": "0"]).breaker.failures == nil)
  }

  @Test func `each budget is read into its own place`() throws {
    let settings = try self.settings([
      "account-reads-per-second": "200", "account-read-burst": "1",
      "account-writes-per-second": "0", "account-write-burst": "7", "account-max-wait": "0s",
      "account-waiting-limit": "0",
    ]).accountBudget
    var expected = AccountBudgetSettings()
    expected.reads = RateLimit(perSecond: 200, burst: 1)
    expected.writes = nil
    expected.maxWait = .zero
    expected.maxWaiting = 0
    #expect(settings == expected)
  }

  @Test func `each lifetime is read into its own place`() throws {
    let settings = try self.settings([
      "cache-bytes": "64KiB", "describe-ttl": "2s", "describe-terminal-ttl": "3m",
      "describe-not-found-ttl": "0s", "pending-ttl": "500ms", "stale-while-revalidate": "4s",
      "stale-if-error": "1h", "start-next-check": "read",
    ]).readCache
    var expected = ReadCacheSettings()
    expected.maxBytes = 65_536
    expected.ttl = .seconds(2)
    expected.terminalTTL = .seconds(180)
    expected.notFoundTTL = .zero
    expected.pendingTTL = .milliseconds(500)
    expected.staleWhileRevalidate = .seconds(4)
    expected.staleIfError = .seconds(3_600)
    expected.startNextCheck = .read
    #expect(settings == expected)
  }

  @Test func `a file may list the overrides`() throws {
    let values = try YAMLReader.values(
      of: Array("thing-limit:\n  override: [a=off, \"b-*=1/2:off\"]\n".utf8))
    let settings = try self.settings(file: values).thingLimit
    #expect(settings.exact == ["a": .unlimited])
    #expect(
      settings.prefixes
        == ["b-": ThingLimits(reads: RateLimit(perSecond: 1, burst: 2), writes: nil)])
  }

  @Test(arguments: [
    ("thing-limit", "on", "one of off, shadow, enforce"),
    ("thing-reads-per-second", "0", "a number from 0.001 to 1000000"),
    ("thing-writes-per-second", "1000001", "a number from 0.001 to 1000000"),
    ("thing-read-burst", "0", "a whole number from 1 to 1000000"),
    ("thing-write-burst", "1000001", "a whole number from 1 to 1000000"),
    ("thing-limit-entries", "1", "a whole number from 1024 to 16777216"),
    ("account-reads-per-second", "-1", "0 or a number from 0.001 to 1000000"),
    ("account-writes-per-second", "0.0001", "0 or a number from 0.001 to 1000000"),
    ("account-read-burst", "0", "a whole number from 1 to 1000000"),
    ("account-write-burst", "1.5", "a whole number from 1 to 1000000"),
    ("account-max-wait", "1", "a duration such as 250ms, 5s or 2m, from 0s to 24h"),
    ("account-waiting-limit", "-1", "a whole number from 0 to 1000000"),
    ("cache-bytes", "65535", "0 or a size from 64KiB to 1GiB, such as 16777216 or 16MiB"),
    ("describe-ttl", "-1s", "a duration such as 250ms, 5s or 2m, from 0s to 24h"),
    ("start-next-check", "", "one of off, stored, read"),
  ])
  func `a value out of range is named with its flag and what is allowed`(
    flag: String, value: String, allowed: String
  ) {
    #expect(self.complaint(flag, value) == "--\(flag): \"\(value)\" is not \(allowed)")
  }

  @Test(arguments: [("64KiB", "1"), ("256KiB", "4"), ("0", "64"), ("16MiB", "64")])
  func `memory that gives each thread enough is taken`(bytes: String, threads: String) throws {
    let serve = try self.serve(["cache-bytes": bytes, "threads": threads])
    #expect(serve.policy.readCache.maxBytes == DecimalText.byteCount(bytes))
  }

  @Test(arguments: [("64KiB", "2", "128KiB"), ("262143", "4", "256KiB"), ("1MiB", "64", "4096KiB")])
  func `memory too small for its threads is refused with what would do`(
    bytes: String, threads: String, least: String
  ) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try self.serve(["cache-bytes": bytes, "threads": threads])
    }
    let count = try #require(DecimalText.byteCount(bytes))
    #expect(
      error?.description
        == "--cache-bytes \(count): \(threads) threads share it and each needs 64KiB; "
        + "set at least \(least), or 0 to store none")
    #expect(error?.exitCode == 78)
  }

  @Test(arguments: ServeConfiguration.settingNames)
  func `each setting has a flag of its name`(name: String) throws {
    if let options = try? ServeOptions.parse(["--\(name)", "x"]) {
      #expect(options.flags.values == [name: "x"])
    } else {
      #expect(try ServeOptions.parse(["--\(name)"]).flags.values == [name: "true"])
    }
  }

  @Test func `a repeated override is a list`() throws {
    let options = try ServeOptions.parse(
      ["--thing-limit-override", "a=off", "--thing-limit-override", "b=off"])
    #expect(options.flags.values == ["thing-limit-override": "a=off,b=off"])
  }
}
