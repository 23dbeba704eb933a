// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import Telemetry

/// The last minutes, a moment every other second, for a page that is opened when something has just
/// gone wrong. Safe from any thread.
///
/// It holds about 350 KB: 300 moments of some 30 numbers, with what failed in between.
package final class LiveHistory: Sendable {
  /// One moment, and the time that led to it.
  private struct Moment: Sendable {
    var number: UInt64
    var epochSeconds: Double
    var values: [Double?]
    var failures: [LiveFailures.Kind: Double]
  }

  private struct State: Sendable {
    var moments: [Moment] = []
    var soFar: UInt64 = 0
    var reading: MetricsReading?
    var epochSeconds = 0.0
    var failureTotals: [LiveFailures.Kind: Double] = [:]
  }

  /// Between two moments.
  package static let interval = Duration.seconds(2)
  private static let intervalSeconds = 2

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: moments that are kept; 300 are ten minutes.
  package init(capacity: Int = 300) {
    self.capacity = max(capacity, 1)
  }

  /// Takes in one moment. Costs a few milliseconds, so it is no work for an event loop.
  ///
  /// - Parameters:
  ///   - families: what a scrape would show now.
  ///   - epochSeconds: when that is. A clock that was set back makes no moment of its own.
  package func take(_ families: [FamilySnapshot], atEpochSeconds epochSeconds: Double) {
    let reading = MetricsReading(families)
    let totals = LiveFailures.totals(reading)
    self.state.withLock { state in
      defer {
        state.reading = reading
        state.epochSeconds = epochSeconds
        state.failureTotals = totals
      }
      let seconds = epochSeconds - state.epochSeconds
      guard let before = state.reading, seconds > 0 else { return }
      if state.moments.count == self.capacity { state.moments.removeFirst() }
      state.soFar += 1
      let failures = totals.reduce(into: [LiveFailures.Kind: Double]()) {
        let more = $1.value - (state.failureTotals[$1.key] ?? 0)
        if more > 0 { $0[$1.key] = more }
      }
      state.moments.append(
        Moment(
          number: state.soFar, epochSeconds: epochSeconds,
          values: LiveSeries.all.map { $0.value(from: before, to: reading, seconds: seconds) },
          failures: failures))
    }
  }
}

extension LiveHistory {
  /// The members of an answer: the moments that came after one, and what is shown of the present.
  ///
  /// A number that there never was yet gives all moments: the page knows a gateway that was started
  /// anew by numbers that begin again.
  func members(after number: UInt64?) -> [(String, JSONTree)] {
    let (moments, last, reading) = self.state.withLock { ($0.moments, $0.soFar, $0.reading) }
    let after = number.map { $0 > last ? 0 : $0 } ?? 0
    let new = moments.filter { $0.number > after }
    let series = LiveSeries.all.enumerated().map { index, series in
      (series.name, JSONTree.array(new.map { JSONTree($0.values[index]) }))
    }
    return [
      ("last", .integer(Int64(last))),
      ("every_seconds", .integer(Int64(Self.intervalSeconds))),
      ("capacity", .integer(Int64(self.capacity))),
      ("time", .array(new.map { .number($0.epochSeconds) })),
      ("series", .object(series)),
      ("failures", Self.failures(moments)),
      ("levels", LiveLevels.tree(reading ?? MetricsReading())),
    ]
  }

  /// All that is kept, whatever the page has: a sum is not made of its parts there.
  private static func failures(_ moments: [Moment]) -> JSONTree {
    var sums: [LiveFailures.Kind: (count: Double, last: Double)] = [:]
    for moment in moments {
      for (kind, count) in moment.failures {
        sums[kind, default: (0, 0)].count += count
        sums[kind]?.last = moment.epochSeconds
      }
    }
    let ranked = sums.sorted {
      ($1.value.count, $0.key.reason, $0.key.operation)
        < ($0.value.count, $1.key.reason, $1.key.operation)
    }
    return .array(
      ranked.prefix(50).map { kind, sum in
        [
          "side": .string(kind.side.rawValue), "outcome": .string(kind.outcome.rawValue),
          "operation": .string(kind.operation),
          "reason": .string(kind.reason), "count": .number(sum.count), "last": .number(sum.last),
        ]
      })
  }
}
