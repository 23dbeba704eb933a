// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore

/// Decides when a peer has sent too much that is no call.
///
/// PINGs are counted as gRFC A8 has it: one that comes too soon after the last is a strike, an answer
/// of ours forgives them all (a client measures its bandwidth with PINGs while bytes come in), and
/// the third ends the connection. All other frames that carry no call draw on one allowance,
/// which grows with time and with each answer; it is wide, since each of them costs a fraction of a
/// microsecond and a client that reads a long answer in small pieces sends many.
struct FramePolice {
  enum OnFrames: Equatable {
    case admit
    /// GOAWAY with ENHANCE_YOUR_CALM and the reason's word, which clients of gRPC know.
    case refuse(ConnectionEnd)
  }

  static let allowanceLimit = 4_000
  static let allowancePerSecond = 500
  /// For each answer: WINDOW_UPDATEs for a connection and a stream, a few times over.
  static let allowancePerAnswer = 20
  static let maxStrikes = 2

  private let leastPingInterval: TimeAmount
  private var seen = FrameCounts()
  private var answersSeen = 0
  private var allowance = Self.allowanceLimit
  private var refilledAt: NIODeadline
  private var strikes = 0
  private var lastPingAt: NIODeadline?
  private var answersAtPing = 0

  init(leastPingInterval: TimeAmount, now: NIODeadline) {
    self.leastPingInterval = leastPingInterval
    self.refilledAt = now
  }

  /// Frames came. Asks for the time only when one of them is to be judged.
  ///
  /// - Parameters:
  ///   - counts: all that the peer sent so far.
  ///   - answers: how many calls were answered so far.
  mutating func received(
    _ counts: FrameCounts, answers: Int, now: () -> NIODeadline
  ) -> OnFrames {
    let pings = counts.pings &- self.seen.pings
    let idleWork = counts.idleWork &- self.seen.idleWork
    self.seen = counts
    guard pings > 0 || idleWork > 0 else { return .admit }
    let now = now()
    if pings > 0, !self.admitsPings(pings, answers: answers, now: now) {
      return .refuse(.tooManyPings)
    }
    self.refill(answers: answers, now: now)
    self.allowance -= idleWork
    return self.allowance >= 0 ? .admit : .refuse(.tooManyFrames)
  }

  private mutating func admitsPings(_ count: Int, answers: Int, now: NIODeadline) -> Bool {
    if answers != self.answersAtPing { self.strikes = 0 }
    self.answersAtPing = answers
    let isTooSoon = self.lastPingAt.map { now - $0 < self.leastPingInterval } ?? false
    self.lastPingAt = now
    // Those that came in one read came at one time.
    self.strikes += count - (isTooSoon ? 0 : 1)
    return self.strikes <= Self.maxStrikes
  }

  private mutating func refill(answers: Int, now: NIODeadline) {
    let earned = (answers &- self.answersSeen).multipliedReportingOverflow(
      by: Self.allowancePerAnswer)
    self.answersSeen = answers
    let milliseconds = (now - self.refilledAt).nanoseconds / 1_000_000
    let grown = min(milliseconds, 60_000) * Int64(Self.allowancePerSecond) / 1_000
    if grown > 0 { self.refilledAt = now }
    let sum = self.allowance + Int(grown) + (earned.overflow ? 0 : earned.partialValue)
    self.allowance = min(sum, Self.allowanceLimit)
  }
}
