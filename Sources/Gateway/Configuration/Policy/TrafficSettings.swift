// SPDX-License-Identifier: Apache-2.0

import TrafficPolicy

/// Everything that the traffic policies can be told. Each default is the one that TrafficPolicy's
/// own settings begin with.
enum TrafficSettings {
  // MARK: The limit for each thing

  static let thingLimit = Setting<LimitMode>.choice(
    "thing-limit",
    help: "Whether the limit for each thing is kept: shadow counts what it would refuse.",
    fallback: .enforce)

  static let thingReads = Setting<Double>.rate(
    "thing-reads-per-second", help: "Describes and lists of one thing sent to AWS a second.",
    fallback: "10")

  static let thingReadBurst = Setting<Int>.burst(
    "thing-read-burst", help: "How many of them may come at once after a pause.", fallback: 20)

  static let thingWrites = Setting<Double>.rate(
    "thing-writes-per-second", help: "Starts and updates of one thing sent to AWS a second.",
    fallback: "10")

  static let thingWriteBurst = Setting<Int>.burst(
    "thing-write-burst", help: "How many of them may come at once after a pause.", fallback: 20)

  static let thingOverrides = Setting<OverrideList>(
    "thing-limit-override",
    help: "Limits of a thing of its own, NAME=READS/BURST:WRITES/BURST or NAME=off; off on either "
      + "side is no limit; NAME* stands for all names that begin so, the longest wins. Repeatable.",
    allowed: "NAME=READS/BURST:WRITES/BURST or NAME=off",
    read: OverrideList.init(parsing:))

  static let thingEntries = Setting<Int>.count(
    "thing-limit-entries",
    help: "Things tracked at a time, 32 bytes each; more share one bucket of the default limits.",
    in: 1_024...16_777_216, fallback: 262_144)

  // MARK: The account's budgets

  static let accountReads = Self.accountRate(
    "account-reads-per-second", help: "Reads sent to AWS a second, for all things; 0 for no budget."
  )

  static let accountReadBurst = Setting<Int>.burst(
    "account-read-burst", help: "How many of them may go at once after a pause.", fallback: 100)

  static let accountWrites = Self.accountRate(
    "account-writes-per-second",
    help: "Writes sent to AWS a second, for all things; 0 for no budget.")

  static let accountWriteBurst = Setting<Int>.burst(
    "account-write-burst", help: "How many of them may go at once after a pause.", fallback: 100)

  static let accountMaxWait = Setting<Duration>.duration(
    "account-max-wait",
    help: "How long a call may wait for its turn in a budget, if its deadline is not sooner.",
    atLeast: .zero, fallback: "1s")

  static let accountWaiting = Setting<Int>.count(
    "account-waiting-limit", help: "Calls that may wait at a time, for each of the two budgets.",
    in: 0...1_000_000, fallback: 10_000)

  // MARK: The cache of reads

  /// The threads share the memory evenly. With less than this each would hold next to nothing.
  static let leastCacheBytesPerThread = 65_536

  static let cacheBytes = {
    var setting = Setting<Int>(
      "cache-bytes",
      help: "Memory for stored answers, at least 64KiB for each thread; 0 to store none.",
      allowed: "0 or a size from 64KiB to 1GiB, such as 16777216 or 16MiB", fallback: "16MiB"
    ) { text in
      guard let bytes = DecimalText.byteCount(text) else { return nil }
      return bytes == 0 || (Self.leastCacheBytesPerThread...1_073_741_824).contains(bytes)
        ? bytes : nil
    }
    setting.unit = .bytes
    return setting
  }()

  static let describeTTL = Self.lifetime(
    "describe-ttl",
    help: "How long the answer to a describe is fresh. Changes made past this gateway show only "
      + "after it.", fallback: "1s")

  static let describeTerminalTTL = Self.lifetime(
    "describe-terminal-ttl",
    help: "The same for an execution asked for by its number that has ended.", fallback: "5m")

  static let describeNotFoundTTL = Self.lifetime(
    "describe-not-found-ttl", help: "The same for what AWS does not find.", fallback: "1s")

  static let pendingTTL = Self.lifetime(
    "pending-ttl", help: "How long a list of pending executions is fresh.", fallback: "0s")

  static let staleWhileRevalidate = Self.lifetime(
    "stale-while-revalidate",
    help: "How much longer a stored answer is served while a new one is fetched.", fallback: "0s")

  static let staleIfError = Self.lifetime(
    "stale-if-error",
    help: "How much longer a stored answer is served when AWS cannot be asked.", fallback: "0s")

  static let startNextCheck = Setting<StartNextCheck>.choice(
    "start-next-check",
    help: "What is looked at before a start-next is sent: nothing, stored answers, or, when these "
      + "do not tell, a describe of $next.", fallback: .stored)

  // MARK: All of them

  static let limits = SettingsSection(
    "Limits for each thing",
    [
      SettingEntry(Self.thingLimit, .whileRunning), SettingEntry(Self.thingReads, .whileRunning),
      SettingEntry(Self.thingReadBurst, .whileRunning),
      SettingEntry(Self.thingWrites, .whileRunning),
      SettingEntry(Self.thingWriteBurst, .whileRunning),
      SettingEntry(Self.thingOverrides, .whileRunning),
      SettingEntry(Self.thingEntries),
    ])

  static let budgets = SettingsSection(
    "Budgets of the account",
    [
      SettingEntry(Self.accountReads, .whileRunning),
      SettingEntry(Self.accountReadBurst, .whileRunning),
      SettingEntry(Self.accountWrites, .whileRunning),
      SettingEntry(Self.accountWriteBurst, .whileRunning),
      SettingEntry(Self.accountMaxWait, .whileRunning),
      SettingEntry(Self.accountWaiting, .whileRunning),
    ])

  static let cache = SettingsSection(
    "The cache",
    [
      SettingEntry(Self.cacheBytes, .whileRunning), SettingEntry(Self.describeTTL, .whileRunning),
      SettingEntry(Self.describeTerminalTTL, .whileRunning),
      SettingEntry(Self.describeNotFoundTTL, .whileRunning),
      SettingEntry(Self.pendingTTL, .whileRunning),
      SettingEntry(Self.staleWhileRevalidate, .whileRunning),
      SettingEntry(Self.staleIfError, .whileRunning),
      SettingEntry(Self.startNextCheck, .whileRunning),
    ])

  private static func accountRate(_ name: String, help: String) -> Setting<Double> {
    var setting = Setting(
      name, help: help, allowed: "0 or \(DecimalText.ratesInWords)", fallback: "50"
    ) {
      DecimalText.number($0) == 0 ? 0 : DecimalText.rate($0)
    }
    setting.unit = .callsPerSecond
    return setting
  }

  private static func lifetime(
    _ name: String, help: String, fallback: String
  ) -> Setting<Duration> {
    .duration(name, help: help, atLeast: .zero, fallback: fallback)
  }
}

extension Setting where Value == Double {
  /// Calls a second.
  static func rate(_ name: String, help: String, fallback: String) -> Setting<Double> {
    var setting = Setting(
      name, help: help, allowed: DecimalText.ratesInWords, fallback: fallback
    ) {
      DecimalText.rate($0)
    }
    setting.unit = .callsPerSecond
    return setting
  }
}

extension Setting where Value == Int {
  static func burst(_ name: String, help: String, fallback: Int) -> Setting<Int> {
    .count(name, help: help, in: DecimalText.bursts, fallback: fallback)
  }
}
