// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RESTServer

struct HTTP1ExchangeTests {
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  private static let limits: HTTP1Exchange.Limits = {
    var limits = HTTP1Exchange.Limits()
    limits.bodyBytes = 10
    limits.idle = .seconds(60)
    limits.receive = .seconds(5)
    return limits
  }()

  private func makeIdle() -> HTTP1Exchange {
    HTTP1Exchange(limits: Self.limits, now: Self.start)
  }

  private func makeReceiving(keepAlive: Bool = true) -> HTTP1Exchange {
    var exchange = self.makeIdle()
    _ = exchange.receivedHead(
      keepAlive: keepAlive, declaredBytes: nil, expectsContinue: false, now: Self.start)
    return exchange
  }

  private func makeResponding(keepAlive: Bool = true) -> HTTP1Exchange {
    var exchange = self.makeReceiving(keepAlive: keepAlive)
    _ = exchange.receivedEnd()
    return exchange
  }

  private func receivedHead(_ exchange: inout HTTP1Exchange) -> HTTP1Exchange.OnHead {
    exchange.receivedHead(
      keepAlive: true, declaredBytes: 3, expectsContinue: false, now: Self.start)
  }

  @Test func `a request is collected, answered and followed by the next`() {
    var exchange = self.makeIdle()
    for _ in 0..<3 {
      #expect(self.receivedHead(&exchange) == .collect)
      #expect(exchange.receivedBody(count: 3) == .append)
      let before = exchange.takesInput
      #expect(exchange.receivedEnd() == .respond)
      let between = exchange.takesInput
      #expect(exchange.answered(last: false, now: Self.start) == .write(keepAlive: true))
      let after = exchange.takesInput
      #expect([before, between, after] == [true, false, true])
    }
  }

  @Test func `an answer comes once`() {
    var exchange = self.makeResponding()
    #expect(exchange.answered(last: false, now: Self.start) == .write(keepAlive: true))
    #expect(exchange.answered(last: false, now: Self.start) == .discard)
  }

  @Test func `a body that announces itself too large is refused before it comes`() {
    var exchange = self.makeIdle()
    let onHead = exchange.receivedHead(
      keepAlive: true, declaredBytes: 11, expectsContinue: true, now: Self.start)
    #expect(onHead == .refuse(.bodyTooLarge))
    #expect(exchange.receivedBody(count: 11) == .ignore)
    #expect(exchange.receivedEnd() == .ignore)
    #expect(self.receivedHead(&exchange) == .ignore)
  }

  @Test func `a body that grows too large is refused once`() {
    var exchange = self.makeReceiving()
    #expect(exchange.receivedBody(count: 10) == .append)
    #expect(exchange.receivedBody(count: 1) == .refuse(.bodyTooLarge))
    #expect(exchange.receivedBody(count: 1) == .ignore)
    #expect(exchange.receivedEnd() == .ignore)
  }

  @Test func `who waits to be invited is`() {
    var exchange = self.makeIdle()
    let onHead = exchange.receivedHead(
      keepAlive: true, declaredBytes: 10, expectsContinue: true, now: Self.start)
    #expect(onHead == .inviteBody)
    #expect(exchange.receivedBody(count: 10) == .append)
  }

  @Test(arguments: [true, false])
  func `the last answer closes`(byRequest: Bool) {
    var exchange = self.makeResponding(keepAlive: !byRequest)
    #expect(
      exchange.answered(last: !byRequest, now: Self.start) == .write(keepAlive: false))
    #expect(self.receivedHead(&exchange) == .ignore)
    #expect(exchange.connectionClosed() == .ignore)
  }

  @Test func `garbage is refused while nothing is pending`() {
    var idle = self.makeIdle()
    #expect(idle.failedToParse(.malformed) == .refuse(.malformed))
    #expect(idle.failedToParse(.malformed) == .ignore)
    var receiving = self.makeReceiving()
    #expect(receiving.failedToParse(.headersTooLarge) == .refuse(.headersTooLarge))
    #expect(receiving.receivedEnd() == .ignore)
  }

  @Test func `an idle connection drains at once`() {
    var exchange = self.makeIdle()
    #expect(exchange.drainRequested() == .close)
    #expect(exchange.drainRequested() == .ignore)
    #expect(self.receivedHead(&exchange) == .ignore)
  }

  @Test func `a connection with a request drains behind its answer`() {
    var exchange = self.makeReceiving()
    #expect(exchange.drainRequested() == .finish)
    #expect(exchange.receivedEnd() == .respond)
    #expect(exchange.drainRequested() == .finish)
    #expect(exchange.answered(last: false, now: Self.start) == .write(keepAlive: false))
    #expect(exchange.drainRequested() == .ignore)
  }

  @Test func `a peer that leaves takes its call with it`() {
    var exchange = self.makeResponding()
    #expect(exchange.connectionClosed() == .cancelResponder)
    #expect(exchange.connectionClosed() == .ignore)
    #expect(exchange.answered(last: false, now: Self.start) == .discard)
  }

  @Test func `an idle connection is closed at its time and not before`() {
    var exchange = self.makeIdle()
    let end = Self.start + .seconds(60)
    // A check comes at least as often as a request may take.
    #expect(
      exchange.timerFired(now: Self.start + .seconds(5))
        == .checkAgain(at: Self.start + .seconds(10)))
    #expect(exchange.timerFired(now: end - .nanoseconds(1)) == .checkAgain(at: end))
    #expect(exchange.timerFired(now: end) == .close)
    #expect(exchange.timerFired(now: end) == .stop)
  }

  @Test func `a request that does not end is refused at its time`() {
    var exchange = self.makeReceiving()
    let end = Self.start + .seconds(5)
    #expect(exchange.timerFired(now: end - .nanoseconds(1)) == .checkAgain(at: end))
    #expect(exchange.timerFired(now: end) == .refuse(.tooSlow))
    #expect(exchange.receivedEnd() == .ignore)
  }

  @Test func `a head that does not end is refused at its time`() {
    var exchange = self.makeIdle()
    let first = Self.start + .seconds(50)
    exchange.receivedBytes(now: first)
    exchange.receivedBytes(now: first + .seconds(4))
    let end = first + .seconds(5)
    #expect(exchange.timerFired(now: end - .nanoseconds(1)) == .checkAgain(at: end))
    #expect(exchange.timerFired(now: end) == .refuse(.tooSlow))
    #expect(self.receivedHead(&exchange) == .ignore)
  }

  @Test func `a peer that takes nothing gets no more, and is closed at its time`() {
    var exchange = self.makeResponding()
    exchange.outboundBlocked(now: Self.start)
    exchange.outboundBlocked(now: Self.start + .seconds(29))
    #expect(exchange.answered(last: false, now: Self.start) == .write(keepAlive: true))
    let whileBlocked = exchange.takesInput
    #expect(!whileBlocked)
    let end = Self.start + .seconds(30)
    #expect(exchange.timerFired(now: end - .nanoseconds(1)) == .checkAgain(at: end))
    exchange.outboundFreed()
    let afterwards = exchange.takesInput
    #expect(afterwards)
    exchange.outboundBlocked(now: end)
    #expect(exchange.timerFired(now: end + .seconds(30)) == .close)
    #expect(exchange.timerFired(now: end + .seconds(60)) == .close)
  }

  @Test func `a request without room is refused`() {
    var exchange = self.makeReceiving()
    #expect(exchange.memoryRefused() == .refuse(.noMemory))
    #expect(exchange.memoryRefused() == .ignore)
    #expect(exchange.receivedEnd() == .ignore)
  }

  @Test func `an old connection has its last answer`() {
    var limits = Self.limits
    limits.age = .seconds(20)
    for (seconds, goesOn) in [(Int64(19), true), (20, false)] {
      var exchange = HTTP1Exchange(limits: limits, now: Self.start)
      #expect(self.receivedHead(&exchange) == .collect)
      #expect(exchange.receivedEnd() == .respond)
      let answer = exchange.answered(last: false, now: Self.start + .seconds(seconds))
      #expect(answer == .write(keepAlive: goesOn))
    }
  }

  @Test func `no time runs against an answer`() {
    var exchange = self.makeResponding()
    let late = Self.start + .hours(1)
    #expect(exchange.timerFired(now: late) == .checkAgain(at: late + .seconds(5)))
    #expect(exchange.answered(last: false, now: late) == .write(keepAlive: true))
    // The wait for the next request begins with the answer.
    #expect(
      exchange.timerFired(now: late + .seconds(1)) == .checkAgain(at: late + .seconds(6)))
  }
}
