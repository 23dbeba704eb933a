// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import TrafficPolicy

/// What the account's budget costs: for a call that finds a token, and for one that waits among few
/// or many.
enum BudgetBenchmark {
  private static let rounds = 1_000_000

  static func run() {
    self.measureTokens()
    for count in [100, 10_000, 1_000_000] { self.measureQueue(waiting: count) }
  }

  /// Waits of an hour are allowed, so that nobody is refused and nobody's wait ends.
  private static func state(burst: Int, maxWaiting: Int) -> BudgetState<Int> {
    BudgetState(
      .write, limit: RateLimit(perSecond: 1_000_000, burst: burst), maxWait: 3_600_000_000_000,
      maxWaiting: maxWaiting, now: 0)
  }

  private static func measureTokens() {
    var state = self.state(burst: self.rounds, maxWaiting: 0)
    let clock = PolicyClock()
    var admitted = 0
    let time = Figures.nanoseconds {
      for _ in 0..<self.rounds where state.admitAtOnce(now: clock.now) { admitted += 1 }
    }
    Figures.show(
      "budget, \(admitted) tokens at hand",
      (time / Double(self.rounds), "ns a call, the reading of the clock included"))
  }

  private static func measureQueue(waiting count: Int) {
    let names = (0..<1_000).map { "sensor-eu-\($0)" }
    let bytesBefore = Figures.allocatedBytes
    var state = self.state(burst: 1, maxWaiting: count + 100)
    _ = state.admitAtOnce(now: 0)
    for number in 0..<count { self.arrive(number, names, &state) }
    let bytes = Double(Figures.allocatedBytes - bytesBefore) / Double(count)

    // The queue stays as long as it is: one comes, one has its turn.
    let rounds = self.rounds / 4
    var (arriving, turns) = (0.0, 0.0)
    for first in stride(from: 0, to: rounds, by: 100) {
      arriving += Figures.nanoseconds {
        for number in first..<first + 100 { self.arrive(number, names, &state) }
      }
      turns += Figures.nanoseconds {
        for _ in 0..<100 {
          state.gaveBack(now: 0)
          _ = state.nextEnded(now: 0)
        }
      }
    }
    Figures.show(
      "budget, \(state.waitingCount) calls waiting",
      (arriving / Double(rounds), "ns for one that comes"),
      (turns / Double(rounds), "ns for a turn"), (bytes, "bytes a waiting call"))
  }

  /// A call of one of a thousand things, in any of the classes.
  private static func arrive(_ number: Int, _ names: [String], _ state: inout BudgetState<Int>) {
    let call: CallClass =
      switch number % 3 {
      case 0: .terminalUpdate
      case 1: .update
      default: .startNext
      }
    _ = state.arrived(
      number, thing: names[number % names.count], class: call, startBy: nil, deadline: nil, now: 0)
  }
}
