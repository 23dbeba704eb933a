// SPDX-License-Identifier: Apache-2.0

package import AWSSigning
import Synchronization

/// Stored reads and flights of the whole process, shared by the layers of all event loops.
package final class ReadCache: Sendable {
  /// The position in `allCases`.
  private let startNextCheckIndex: Atomic<Int>
  let metrics: CacheMetrics
  private let clock: PolicyClock
  private let wallClock: WallClock
  private let shards: [ReadShard]
  /// Moves the lives of stored answers. Multiples of the golden ratio spread evenly whatever they
  /// begin with, and cost no call of the system's.
  private let spread = Atomic<UInt64>(.random(in: .min ... .max))

  /// - Parameter shards: into how many parts, each with a lock of its own and an equal share of the
  ///   bytes, things are spread; at least one. One is right for one event loop.
  package init(
    _ settings: ReadCacheSettings, clock: PolicyClock, wallClock: WallClock, metrics: CacheMetrics,
    shards: Int
  ) {
    let count = max(1, shards)
    let lifetimes = Lifetimes(settings)
    self.startNextCheckIndex = Atomic(settings.startNextCheck.index)
    let parts = (0..<count).map { _ in
      ReadShard(maxBytes: settings.maxBytes / count, lifetimes: lifetimes)
    }
    self.shards = parts
    self.clock = clock
    self.wallClock = wallClock
    self.metrics = metrics
    metrics.show {
      parts.reduce(into: StoreLevels()) { $0 += $1.levels }
    }
  }

  var startNextCheck: StartNextCheck {
    StartNextCheck.allCases[self.startNextCheckIndex.load(ordering: .relaxed)]
  }

  /// Puts other settings in force. Stored answers keep the lives that they were given, and stay
  /// unless there is no room for them any more. Takes time in proportion to those that leave.
  package func apply(_ settings: ReadCacheSettings) {
    let lifetimes = Lifetimes(settings)
    let now = self.clock.now
    for shard in self.shards {
      shard.change(
        maxBytes: settings.maxBytes / self.shards.count, lifetimes: lifetimes, now: now)
    }
    self.startNextCheckIndex.store(settings.startNextCheck.index, ordering: .relaxed)
  }

  package var snapshot: CacheSnapshot {
    CacheSnapshot(answers: self.metrics.answers, parts: self.shards.map(\.snapshot))
  }

  /// - Parameter biggest: how many entries are listed, at most.
  package func contents(biggest: Int) -> CacheContents {
    var survey = CacheSurvey(listing: biggest, at: self.clock.now)
    for shard in self.shards { shard.visitAll { survey.add($0) } }
    return survey.contents
  }

  var now: Int64 { self.clock.now }

  /// The present for an outcome that may be stored.
  var moment: ReadMoment {
    ReadMoment(
      now: self.clock.now, epochSeconds: self.wallClock.epochSeconds,
      random: self.spread.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue)
  }

  /// The part that a thing belongs to, the same for the whole life of the process.
  func shard(of thing: String) -> ReadShard {
    guard self.shards.count > 1 else { return self.shards[0] }
    // The low bits pick a bucket in the tables of the part; these must not be the same.
    return self.shards[Int(UInt(bitPattern: thing.hashValue) >> 32) % self.shards.count]
  }

  /// Cancels the flights under way, and those that begin later. For when no caller is left: what
  /// flies then is a refresh that nobody waits for, and it would hold its connection open.
  func stop() {
    for shard in self.shards { shard.stop() }
  }

  /// Flights under way and things with a record besides their stored answers, for tests.
  var underWay: (flights: Int, things: Int) {
    self.shards.reduce((0, 0)) {
      let part = $1.underWay
      return ($0.0 + part.flights, $0.1 + part.things)
    }
  }
}

extension StartNextCheck {
  /// The position in `allCases`.
  var index: Int {
    switch self {
    case .off: 0
    case .stored: 1
    case .read: 2
    }
  }
}
