// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import GatewayServer

/// What is due on a connection, told from glances on a clock of the test's own.
struct ConnectionWatchTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  private func at(_ seconds: Int64) -> NIODeadline { self.start + .seconds(seconds) }

  private func watch(_ change: (inout ConnectionLimits) -> Void = { _ in }) -> ConnectionWatch {
    var limits = ConnectionLimits()
    limits.keepaliveInterval = nil
    limits.idleTimeout = nil
    change(&limits)
    return ConnectionWatch(limits, jitter: 0.5, now: self.start)
  }

  private var open: ConnectionGlance {
    ConnectionGlance(isOpen: true, framesReceived: 2, bytesReceived: 60)
  }

  @Test func `a peer without a preface has ten seconds`() {
    var watch = self.watch()
    #expect(watch.glanced(ConnectionGlance(), now: self.at(9)) == [])
    #expect(watch.glanced(ConnectionGlance(), now: self.at(10)) == [.close(.handshake)])
    // Bytes that are no preface buy no time.
    var slow = self.watch()
    for second in 1...9 {
      let glance = ConnectionGlance(isMidway: true, bytesReceived: second)
      #expect(slow.glanced(glance, now: self.at(Int64(second))) == [])
    }
    let glance = ConnectionGlance(isMidway: true, bytesReceived: 10)
    #expect(slow.glanced(glance, now: self.at(10)) == [.close(.handshake)])
  }

  @Test func `a frame that does not end is waited for from the glance that finds it`() {
    var watch = self.watch()
    var glance = self.open
    #expect(watch.glanced(glance, now: self.at(1)) == [])
    glance.isMidway = true
    #expect(watch.glanced(glance, now: self.at(3)) == [])
    // Its bytes buy no time, its end does.
    glance.bytesReceived += 5
    #expect(watch.glanced(glance, now: self.at(12)) == [])
    #expect(watch.glanced(glance, now: self.at(13)) == [.close(.frame)])
  }

  @Test func `a peer that is always in the middle of another frame is served`() {
    var watch = self.watch()
    var glance = self.open
    glance.isMidway = true
    for second in 1...60 {
      glance.framesReceived += 1
      #expect(watch.glanced(glance, now: self.at(Int64(second))) == [])
    }
  }

  @Test
  func `a peer that takes nothing for half a minute is closed, one that takes a little is not`() {
    var watch = self.watch()
    var glance = self.open
    glance.hasUnsent = true
    #expect(watch.glanced(glance, now: self.at(1)) == [])
    glance.bytesTaken = 1
    #expect(watch.glanced(glance, now: self.at(20)) == [])
    #expect(watch.glanced(glance, now: self.at(49)) == [])
    #expect(watch.glanced(glance, now: self.at(50)) == [.close(.write)])
  }

  @Test func `memory goes once for each time of silence`() {
    var watch = self.watch()
    var glance = self.open
    #expect(watch.glanced(glance, now: self.at(2)) == [])
    #expect(watch.nextGlance(after: self.at(2)) == self.at(4))
    #expect(watch.glanced(glance, now: self.at(4)) == [.rest])
    #expect(watch.nextGlance(after: self.at(4)) == self.at(14))
    #expect(watch.glanced(glance, now: self.at(14)) == [])
    glance.bytesReceived += 1
    glance.framesReceived += 1
    #expect(watch.glanced(glance, now: self.at(24)) == [])
    #expect(watch.glanced(glance, now: self.at(26)) == [.rest])
  }

  @Test func `a connection with a call or unsent bytes does not rest`() {
    var watch = self.watch()
    var glance = self.open
    glance.openStreams = 1
    for second in 1...9 { #expect(watch.glanced(glance, now: self.at(Int64(second))) == []) }
    glance.openStreams = 0
    glance.hasUnsent = true
    for second in 10...19 { #expect(watch.glanced(glance, now: self.at(Int64(second))) == []) }
  }

  @Test func `a silent peer is asked, and closed if it does not answer`() {
    var watch = self.watch { $0.keepaliveInterval = .seconds(60) }
    let glance = self.open
    #expect(watch.glanced(glance, now: self.at(1)) == [])
    #expect(watch.glanced(glance, now: self.at(60)) == [.rest])
    #expect(watch.glanced(glance, now: self.at(61)) == [.ping])
    #expect(watch.nextGlance(after: self.at(61)) == self.at(63))
    #expect(watch.glanced(glance, now: self.at(80)) == [])
    #expect(watch.glanced(glance, now: self.at(81)) == [.close(.keepalive)])
  }

  @Test func `any byte answers the question`() {
    var watch = self.watch { $0.keepaliveInterval = .seconds(60) }
    var glance = self.open
    glance.openStreams = 1
    #expect(watch.glanced(glance, now: self.at(1)) == [])
    #expect(watch.glanced(glance, now: self.at(61)) == [.ping])
    glance.bytesReceived += 1
    #expect(watch.glanced(glance, now: self.at(80)) == [])
    #expect(watch.glanced(glance, now: self.at(139)) == [])
    #expect(watch.glanced(glance, now: self.at(140)) == [.ping])
  }

  @Test func `an idle connection is drained, one whose calls fall between glances is not`() {
    var watch = self.watch { $0.idleTimeout = .seconds(100) }
    var glance = self.open
    glance.openStreams = 1
    #expect(watch.glanced(glance, now: self.at(90)) == [])
    glance.openStreams = 0
    glance.streamsOpened = 1
    #expect(watch.glanced(glance, now: self.at(150)) == [])
    #expect(watch.glanced(glance, now: self.at(249)) == [.rest])
    #expect(watch.glanced(glance, now: self.at(250)) == [.drain(.idle)])
    #expect(watch.glanced(glance, now: self.at(400)) == [])
  }

  @Test(arguments: [(0.0, Int64(900)), (0.5, 1_000), (1.0, 1_100), (7.0, 1_100)])
  func `the age is spread by a tenth, then calls have their grace`(jitter: Double, age: Int64) {
    var limits = ConnectionLimits()
    limits.idleTimeout = nil
    limits.keepaliveInterval = nil
    limits.maxAge = .seconds(1_000)
    var watch = ConnectionWatch(limits, jitter: jitter, now: self.start)
    var glance = self.open
    glance.openStreams = 1
    #expect(watch.glanced(glance, now: self.at(age - 1)) == [])
    #expect(watch.glanced(glance, now: self.at(age)) == [.drain(.age)])
    #expect(watch.glanced(glance, now: self.at(age + 59)) == [])
    #expect(watch.glanced(glance, now: self.at(age + 60)) == [.close(.age)])
  }

  @Test func `a connection that others drain is not drained again, nor cut off for its age`() {
    var watch = self.watch {
      $0.maxAge = .seconds(1_000)
      $0.idleTimeout = .seconds(10)
    }
    watch.drainBegan()
    var glance = self.open
    glance.openStreams = 1
    #expect(watch.glanced(glance, now: self.at(2_000)) == [])
    #expect(watch.glanced(glance, now: self.at(9_000)) == [])
  }

  @Test func `looks are as frequent as the shortest wait needs`() {
    var limits = ConnectionLimits()
    #expect(limits.checkInterval == .seconds(2))
    limits.writeTimeout = .milliseconds(400)
    #expect(limits.checkInterval == .milliseconds(100))
    limits.frameTimeout = .milliseconds(1)
    #expect(limits.checkInterval == .milliseconds(20))
  }
}
