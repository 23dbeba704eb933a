// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that tell how things are polled for those who watch them.
struct WatchOptions: ParsableArguments {
  @Option(help: .of(WatchingSettings.minimumInterval)) var watchMinInterval: String?
  @Option(help: .of(WatchingSettings.maximumInterval)) var watchMaxInterval: String?
  @Option(help: .of(WatchingSettings.readPercent)) var watchReadPercent: String?
  @Option(help: .of(WatchingSettings.things)) var watchThings: String?
  @Option(help: .of(WatchingSettings.thingsPerStream)) var watchThingsPerStream: String?
  @Option(help: .of(WatchingSettings.watchers)) var watchStreams: String?
  @Option(help: .of(WatchingSettings.watchersPerConnection)) var watchStreamsPerConnection: String?
  @Option(help: .of(WatchingSettings.changes)) var watchChanges: String?
  @Option(help: .of(WatchingSettings.memory)) var watchMemory: String?
  @Option(help: .of(WatchingSettings.heartbeat)) var watchHeartbeat: String?
  @Option(help: .of(WatchingSettings.longest)) var watchMaxDuration: String?

  func add(to table: inout FlagTable) {
    table.take(WatchingSettings.minimumInterval, self.watchMinInterval)
    table.take(WatchingSettings.maximumInterval, self.watchMaxInterval)
    table.take(WatchingSettings.readPercent, self.watchReadPercent)
    table.take(WatchingSettings.things, self.watchThings)
    table.take(WatchingSettings.thingsPerStream, self.watchThingsPerStream)
    table.take(WatchingSettings.watchers, self.watchStreams)
    table.take(WatchingSettings.watchersPerConnection, self.watchStreamsPerConnection)
    table.take(WatchingSettings.changes, self.watchChanges)
    table.take(WatchingSettings.memory, self.watchMemory)
    table.take(WatchingSettings.heartbeat, self.watchHeartbeat)
    table.take(WatchingSettings.longest, self.watchMaxDuration)
  }
}
