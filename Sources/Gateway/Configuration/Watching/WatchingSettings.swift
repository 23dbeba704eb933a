// SPDX-License-Identifier: Apache-2.0

import JobWatching

/// How things are polled for those who watch them, each with its default and its reason. Each default
/// is the one that JobWatching's own settings begin with.
enum WatchingSettings {
  static let minimumInterval = Setting<Duration>.duration(
    "watch-min-interval",
    help: "Between two polls of one thing, right after something happened to it.",
    atLeast: .milliseconds(10), fallback: "1s")

  static let maximumInterval = Setting<Duration>.duration(
    "watch-max-interval",
    help: "Between two polls of one thing to which nothing happens: changes made elsewhere show "
      + "after so long at the latest, if the budget allows.",
    atLeast: .milliseconds(10), fallback: "30s")

  static let readPercent = Setting<Int>.count(
    "watch-read-percent",
    help: "The part of the account's read budget that polls may take; when more is watched, all "
      + "polls come later.", in: 1...100, fallback: 50)

  static let things = Setting<Int>.count(
    "watch-things", help: "Things watched at a time, over all callers.", in: 1...1_000_000,
    fallback: 10_000)

  static let thingsPerStream = Setting<Int>.count(
    "watch-things-per-stream", help: "Things that one watch may name.", in: 1...100, fallback: 10)

  static let watchers = Setting<Int>.count(
    "watch-streams", help: "Watches and waits at a time, over all callers.", in: 1...1_000_000,
    fallback: 10_000)

  static let watchersPerConnection = Setting<Int>.count(
    "watch-streams-per-connection",
    help: "The same on one connection; below the stream limit, so that other calls have room.",
    in: 1...10_000, fallback: 200)

  static let changes = Setting<Int>.count(
    "watch-changes",
    help: "Changes of one thing that are remembered for watchers who read slowly or come back; who "
      + "missed more gets a snapshot.", in: 0...1_000, fallback: 16)

  static let memory = Setting<Duration>.duration(
    "watch-memory",
    help: "How long a thing that nobody watches is remembered for those who come back.",
    atLeast: .zero, fallback: "1m")

  static let heartbeat = Setting<Duration>.duration(
    "watch-heartbeat", help: "A watcher that was told nothing for so long gets a heartbeat.",
    atLeast: .milliseconds(10), fallback: "30s")

  static let longest = Setting<Duration>.duration(
    "watch-max-duration",
    help: "Watches and waits end after so long, a tenth more or less, so that callers spread over "
      + "several gateways again.", fallback: "1h")

  static let section = SettingsSection(
    "Watching",
    [
      SettingEntry(Self.minimumInterval), SettingEntry(Self.maximumInterval),
      SettingEntry(Self.readPercent), SettingEntry(Self.things),
      SettingEntry(Self.thingsPerStream), SettingEntry(Self.watchers),
      SettingEntry(Self.watchersPerConnection), SettingEntry(Self.changes),
      SettingEntry(Self.memory), SettingEntry(Self.heartbeat), SettingEntry(Self.longest),
    ])
}

extension WatchSettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    self.minimumInterval = try reader.value(WatchingSettings.minimumInterval)
    self.maximumInterval = try reader.value(WatchingSettings.maximumInterval)
    self.readShare = Double(try reader.value(WatchingSettings.readPercent)) / 100
    self.things = try reader.value(WatchingSettings.things)
    self.thingsPerStream = try reader.value(WatchingSettings.thingsPerStream)
    self.watchers = try reader.value(WatchingSettings.watchers)
    self.watchersPerConnection = try reader.value(WatchingSettings.watchersPerConnection)
    self.changesRemembered = try reader.value(WatchingSettings.changes)
    self.memory = try reader.value(WatchingSettings.memory)
    self.heartbeat = try reader.value(WatchingSettings.heartbeat)
    self.longestWatch = try reader.value(WatchingSettings.longest)
  }
}
