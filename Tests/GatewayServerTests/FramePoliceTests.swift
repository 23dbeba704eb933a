// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import Testing

@testable import GatewayServer

/// Peers that send what is no call.
struct FramePoliceTests {
  private static let tooManyPings = FramePolice.OnFrames.refuse(.tooManyPings)
  private static let tooManyFrames = FramePolice.OnFrames.refuse(.tooManyFrames)
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  /// A peer, and what it has sent so far.
  private struct Peer {
    var police: FramePolice
    var counts = FrameCounts()
    var answers = 0

    mutating func send(
      pings: Int = 0, idleWork: Int = 0, answers: Int = 0, at time: NIODeadline
    ) -> FramePolice.OnFrames {
      self.counts.pings += pings
      self.counts.idleWork += idleWork
      self.answers += answers
      return self.police.received(self.counts, answers: self.answers, now: { time })
    }
  }

  private func peer() -> Peer {
    Peer(police: FramePolice(leastPingInterval: .seconds(5), now: self.start))
  }

  @Test func `pings at the least interval go on for ever`() {
    var peer = self.peer()
    for number in 1...1_000 {
      #expect(peer.send(pings: 1, at: self.start + .seconds(Int64(number * 5))) == .admit)
    }
  }

  @Test func `the third ping that comes too soon ends the connection`() {
    var peer = self.peer()
    for number in 0...2 {
      #expect(peer.send(pings: 1, at: self.start + .seconds(Int64(number))) == .admit)
    }
    #expect(peer.send(pings: 1, at: self.start + .seconds(3)) == Self.tooManyPings)
    #expect(peer.send(pings: 1, at: self.start + .seconds(4)) == Self.tooManyPings)
  }

  @Test func `pings in one read came at one time`() {
    var peer = self.peer()
    #expect(peer.send(pings: 3, at: self.start) == .admit)
    var other = self.peer()
    #expect(other.send(pings: 4, at: self.start) == Self.tooManyPings)
  }

  @Test func `a client that measures its bandwidth while answers come is no offender`() {
    var peer = self.peer()
    for number in 0..<1_000 {
      #expect(
        peer.send(pings: 1, answers: 1, at: self.start + .milliseconds(Int64(number))) == .admit)
    }
    // Without answers the strikes count again.
    let later = self.start + .seconds(2)
    #expect(peer.send(pings: 1, at: later) == .admit)
    #expect(peer.send(pings: 1, at: later) == Self.tooManyPings)
  }

  @Test func `the allowance for other frames is used up, and grows back`() {
    var peer = self.peer()
    #expect(peer.send(idleWork: FramePolice.allowanceLimit, at: self.start) == .admit)
    #expect(peer.send(at: self.start) == .admit)
    let later = self.start + .seconds(1)
    #expect(peer.send(idleWork: FramePolice.allowancePerSecond, at: later) == .admit)
    #expect(peer.send(idleWork: 1, at: later) == Self.tooManyFrames)
  }

  @Test func `small portions of time are not lost`() {
    var peer = self.peer()
    _ = peer.send(idleWork: FramePolice.allowanceLimit, at: self.start)
    // One frame each two milliseconds is what the allowance grows by.
    for number in 1...2_000 {
      #expect(peer.send(idleWork: 1, at: self.start + .milliseconds(Int64(2 * number))) == .admit)
    }
  }

  @Test func `answers earn their WINDOW_UPDATEs`() {
    var peer = self.peer()
    for _ in 0..<10_000 {
      #expect(
        peer.send(idleWork: FramePolice.allowancePerAnswer, answers: 1, at: self.start) == .admit)
    }
  }

  @Test func `nothing to judge asks for no time`() {
    var police = FramePolice(leastPingInterval: .seconds(5), now: self.start)
    var counts = FrameCounts()
    counts.total = 5
    var isAsked = false
    let answer = police.received(counts, answers: 3) {
      isAsked = true
      return self.start
    }
    #expect(answer == .admit)
    #expect(!isAsked)
  }
}
