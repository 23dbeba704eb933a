// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

private let second: Int64 = 1_000_000_000

private func settings(_ change: (inout BreakerSettings) -> Void = { _ in }) -> BreakerSettings {
  var settings = BreakerSettings()
  settings.failures = 3
  change(&settings)
  return settings
}

/// A breaker that has just opened at the time zero, for one second.
private func opened(_ settings: BreakerSettings = settings()) -> BreakerState {
  var state = BreakerState(settings)
  for count in 1...3 {
    let answer = state.ended(0, .failed, now: 0, jitter: 0)
    #expect(answer == (count < 3 ? .nothing : .opened(pauseNanoseconds: second)))
  }
  return state
}

/// One that is tried again, at the second one, by a first call.
private func halfOpen(_ settings: BreakerSettings = settings()) -> BreakerState {
  var state = opened(settings)
  #expect(state.admit(now: second) == .admitHalfOpening(2))
  return state
}

@Suite struct BreakerStateTests {
  @Test func `it opens after so many failures in a row, and not before`() {
    var state = BreakerState(settings())
    for _ in 0..<3 {
      #expect(state.ended(0, .failed, now: 0, jitter: 0) == .nothing)
      #expect(state.ended(0, .failed, now: 0, jitter: 0) == .nothing)
      #expect(state.isClosed == true && state.isClean == false)
      #expect(state.admit(now: 0) == .admit(0))
      // An answer ends the row.
      #expect(state.ended(0, .answered, now: 0, jitter: 0) == .nothing)
      #expect(state.isClean == true)
    }
    #expect(state.ended(0, .failed, now: 5, jitter: 0) == .nothing)
    #expect(state.ended(0, .unknown, now: 5, jitter: 0) == .nothing)
    #expect(state.ended(0, .failed, now: 5, jitter: 0) == .nothing)
    #expect(state.ended(0, .failed, now: 5, jitter: 0) == .opened(pauseNanoseconds: second))
    #expect(state.isClosed == false && state.isClean == false)
    #expect(state.ended(0, .failed, now: 5, jitter: 0) == .nothing)
  }

  @Test func `open, it tells how long, and lets one call find out when that is over`() {
    var state = opened()
    #expect(state.admit(now: 0) == .refuse(retryAfterNanoseconds: second))
    #expect(state.admit(now: second - 1) == .refuse(retryAfterNanoseconds: 1))
    #expect(state.admit(now: second) == .admitHalfOpening(2))
    // How long that takes is not known.
    #expect(state.admit(now: second) == .refuse(retryAfterNanoseconds: second))
    #expect(state.admit(now: 100 * second) == .refuse(retryAfterNanoseconds: second))
  }

  @Test func `an answer closes it`() {
    var state = halfOpen()
    #expect(state.ended(2, .answered, now: second, jitter: 0) == .closed)
    #expect(state.isClean == true)
    #expect(state.admit(now: second) == .admit(3))
    #expect(state.ended(2, .answered, now: second, jitter: 0) == .nothing)
    // And a new row begins at one.
    #expect(state.ended(3, .failed, now: second, jitter: 0) == .nothing)
    #expect(state.ended(3, .failed, now: second, jitter: 0) == .nothing)
    #expect(state.ended(3, .failed, now: second, jitter: 0) == .opened(pauseNanoseconds: second))
  }

  @Test func `each failure to come back doubles the pause, up to the longest`() {
    var state = halfOpen(settings { $0.longestPause = .seconds(5) })
    var now = second
    for pause in [2, 4, 5, 5] as [Int64] {
      let era = state.era
      #expect(
        state.ended(era, .failed, now: now, jitter: 0)
          == .reopened(pauseNanoseconds: pause * second))
      #expect(state.ended(era, .failed, now: now, jitter: 0) == .nothing)
      #expect(state.admit(now: now) == .refuse(retryAfterNanoseconds: pause * second))
      now += pause * second
      #expect(state.admit(now: now) == .admitHalfOpening(era + 2))
    }
    // Back to the first once it was closed.
    #expect(state.ended(state.era, .answered, now: now, jitter: 0) == .closed)
    let era = state.era
    _ = state.ended(era, .failed, now: now, jitter: 0)
    _ = state.ended(era, .failed, now: now, jitter: 0)
    #expect(state.ended(era, .failed, now: now, jitter: 0) == .opened(pauseNanoseconds: second))
  }

  @Test(arguments: [(0.0, 4_000), (0.25, 3_500), (1.0, 2_000), (-9, 4_000), (9, 2_000)])
  func `chance shortens a pause by half at most`(jitter: Double, milliseconds: Int64) {
    var state = BreakerState(
      settings {
        $0.failures = 1
        $0.firstPause = .seconds(4)
      })
    #expect(
      state.ended(0, .failed, now: 0, jitter: jitter)
        == .opened(pauseNanoseconds: milliseconds * 1_000_000))
  }

  @Test func `a call that finds nothing out leaves it to the next`() {
    var state = halfOpen()
    #expect(state.ended(2, .unknown, now: second, jitter: 0) == .nothing)
    #expect(state.isClosed == false)
    #expect(state.admit(now: second) == .admit(2))
    #expect(state.admit(now: second) == .refuse(retryAfterNanoseconds: second))
    #expect(state.ended(2, .answered, now: second, jitter: 0) == .closed)
  }

  @Test func `several may find out at a time, and the first to know decides`() {
    var state = halfOpen(settings { $0.probes = 3 })
    #expect(state.admit(now: second) == .admit(2))
    #expect(state.admit(now: second) == .admit(2))
    #expect(state.admit(now: second) == .refuse(retryAfterNanoseconds: second))
    #expect(
      state.ended(2, .failed, now: second, jitter: 0) == .reopened(pauseNanoseconds: 2 * second))
    #expect(state.ended(2, .answered, now: second, jitter: 0) == .nothing)
    #expect(state.ended(2, .failed, now: second, jitter: 0) == .nothing)
    #expect(state.admit(now: second) == .refuse(retryAfterNanoseconds: 2 * second))
  }

  @Test func `calls from before a change tell nothing after it`() {
    var state = opened()
    for verdict in [BreakerState.Verdict.answered, .failed, .unknown] {
      #expect(state.ended(0, verdict, now: 0, jitter: 0) == .nothing)
    }
    #expect(state.admit(now: second) == .admitHalfOpening(2))
    for verdict in [BreakerState.Verdict.answered, .failed, .unknown] {
      #expect(state.ended(0, verdict, now: second, jitter: 0) == .nothing)
      #expect(state.ended(1, verdict, now: second, jitter: 0) == .nothing)
    }
    #expect(state.admit(now: second) == .refuse(retryAfterNanoseconds: second))
  }

  @Test func `without a limit it never opens`() {
    var state = BreakerState(settings { $0.failures = nil })
    for _ in 0..<1000 {
      #expect(state.ended(0, .failed, now: 0, jitter: 0) == .nothing)
    }
    #expect(state.admit(now: 0) == .admit(0))
  }

  @Test func `senseless settings do no harm`() {
    var state = BreakerState(
      settings {
        $0.failures = 0
        $0.probes = -1
        $0.firstPause = .seconds(Int64.max)
        $0.longestPause = .zero
      })
    #expect(state.ended(0, .failed, now: 5, jitter: 0) == .opened(pauseNanoseconds: .max))
    #expect(state.admit(now: 6) == .refuse(retryAfterNanoseconds: .max - 6))
    #expect(state.admit(now: .max) == .admitHalfOpening(2))
    #expect(state.ended(2, .failed, now: .max, jitter: 0) == .reopened(pauseNanoseconds: .max))
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `on any walk, probes are bounded and nobody is shut out for good`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let limits = settings {
      $0.probes = Int.random(in: 1...3, using: &random)
      $0.failures = Int.random(in: 1...4, using: &random)
    }
    var state = BreakerState(limits)
    var underway: [BreakerState.Era] = []
    var row = 0
    var now: Int64 = 0
    for _ in 0..<500 {
      now += Int64.random(in: 0...second, using: &random)
      if Bool.random(using: &random), !underway.isEmpty {
        let era = underway.remove(at: Int.random(in: underway.indices, using: &random))
        let verdicts: [BreakerState.Verdict] = [.answered, .failed, .failed, .unknown]
        let verdict = verdicts[Int.random(in: verdicts.indices, using: &random)]
        let isCurrent = era == state.era && state.isClosed
        let answer = state.ended(
          era, verdict, now: now, jitter: Double.random(in: 0...1, using: &random))
        if isCurrent, verdict == .failed { row += 1 }
        if isCurrent, verdict == .answered { row = 0 }
        if case .opened = answer {
          #expect(row == limits.failures)
          row = 0
        } else {
          #expect(row < limits.failures ?? 0)
        }
        continue
      }
      switch state.admit(now: now) {
      case .admit(let era), .admitHalfOpening(let era): underway.append(era)
      case .refuse(let nanoseconds):
        #expect(state.isClosed == false && 1...30 * second ~= nanoseconds)
      }
      let probes = underway.count { $0 == state.era }
      #expect(state.isClosed == true || probes <= limits.probes)
    }
    for era in underway { _ = state.ended(era, .unknown, now: now, jitter: 0) }
    if case .refuse = state.admit(now: now + 30 * second) { Issue.record("shut out for good") }
  }
}
