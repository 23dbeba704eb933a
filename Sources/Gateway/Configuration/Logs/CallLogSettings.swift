// SPDX-License-Identifier: Apache-2.0

/// Which calls get a line in the log, each with its default and its reason.
enum CallLogSettings {
  /// Failures alone tell what is wrong, and a line costs more than an answer from the cache.
  static let ratio = Setting<Double>(
    "access-log-ratio",
    help: "Share of all calls that get a line in the log, from 0 to 1; calls that fail get theirs "
      + "besides.",
    allowed: "a number from 0 to 1", fallback: "0"
  ) { text in
    guard let share = DecimalText.number(text), (0...1).contains(share) else { return nil }
    return share
  }

  /// Enough to see what it is, and too few to fill a disk: when AWS is away every call fails alike.
  static let failures = Setting<Int>.count(
    "failure-lines-per-second",
    help:
      "Lines a second for calls that fail alike, in method, code and reason; the next line tells "
      + "how many had none.",
    in: 1...10_000, fallback: 10)

  static let section = SettingsSection(
    "Lines of calls", [SettingEntry(Self.ratio, .whileRunning), SettingEntry(Self.failures)])
}
