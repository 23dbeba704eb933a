// SPDX-License-Identifier: Apache-2.0

// JobWatching tells callers what is pending for things, and what becomes of executions, from polls
// that all watchers of a thing share. It knows calls and their outcomes; it knows neither gRPC nor
// HTTP, and of the policies only how many reads a second there are.

/// How things are polled and watchers served; as it is made, it holds the defaults.
package struct WatchSettings: Equatable, Sendable {
  /// Between two polls of one thing, right after a change.
  package var minimumInterval: Duration = .seconds(1)
  /// Between two polls of one thing for which nothing changes.
  package var maximumInterval: Duration = .seconds(30)
  /// The part of the account's reads that polls may take, above zero and at most one.
  package var readShare = 0.5
  /// Things that are watched at a time, those included that are only remembered.
  package var things = 10_000
  /// Things that one stream may name.
  package var thingsPerStream = 10
  /// Watches and waits at a time, in all.
  package var watchers = 10_000
  /// Watches and waits at a time on one connection.
  package var watchersPerConnection = 200
  /// Changes of one thing that are remembered for watchers who are behind.
  package var changesRemembered = 16
  /// How long a thing that nobody watches any more is remembered, for those who come back.
  package var memory: Duration = .seconds(60)
  /// A watcher that was told nothing for so long gets a heartbeat.
  package var heartbeat: Duration = .seconds(30)
  /// A watch or wait ends after so long, a tenth more or less.
  package var longestWatch: Duration = .seconds(3_600)

  package init() {}
}
