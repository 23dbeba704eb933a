// SPDX-License-Identifier: Apache-2.0

import Testing
import Transport

@testable import Upstream

/// A machine with an exchange on.
private func awaiting(
  reused: Bool = false, sent: Bool = true, limit: Int = 100
) -> HTTPExchangeState {
  var state = HTTPExchangeState(maxBodyBytes: limit)
  _ = state.begin(reused: reused)
  if sent {
    state.requestSent()
  }
  return state
}

/// A machine with an exchange on, whose head is in.
private func reading(keepAlive: Bool = true, sent: Bool = true) -> HTTPExchangeState {
  var state = awaiting(sent: sent)
  _ = state.receivedBytes()
  _ = state.receivedHead(status: 200, keepAlive: keepAlive, contentLength: 4)
  return state
}

@Suite struct HTTPExchangeStateTests {
  @Test func `an exchange runs from request to response and leaves the connection free`() {
    var state = HTTPExchangeState(maxBodyBytes: 100)
    #expect(state.begin(reused: false) == .write)
    #expect(state.begin(reused: false) == .refuse)
    state.requestSent()
    #expect(state.receivedBytes() == .pass)
    #expect(state.receivedHead(status: 200, keepAlive: true, contentLength: 4) == .read)
    #expect(state.receivedBody(count: 4) == .append)
    #expect(state.readComplete() == .nothing)
    state.receivedEnd()
    #expect(state.readComplete() == .succeed(reusable: true))
    #expect(state.readComplete() == .nothing)
    #expect(state.begin(reused: true) == .write)
  }

  @Test func `a connection that is not kept alive is not used again`() {
    var state = reading(keepAlive: false)
    state.receivedEnd()
    #expect(state.readComplete() == .succeed(reusable: false))
    #expect(state.begin(reused: true) == .refuse)
    #expect(state.closed() == .nothing)
  }

  @Test func `an answer to half a request spends the connection`() {
    var state = reading(sent: false)
    state.receivedEnd()
    #expect(state.readComplete() == .succeed(reusable: false))
    #expect(state.begin(reused: true) == .refuse)
  }

  @Test func `interim responses are passed over`() {
    var state = awaiting()
    _ = state.receivedBytes()
    #expect(state.receivedHead(status: 100, keepAlive: true, contentLength: nil) == .skip)
    #expect(state.receivedHead(status: 103, keepAlive: true, contentLength: nil) == .skip)
    #expect(state.receivedHead(status: 204, keepAlive: true, contentLength: nil) == .read)
  }

  @Test func `a change of protocol is refused`() {
    var state = awaiting()
    #expect(
      state.receivedHead(status: 101, keepAlive: true, contentLength: nil)
        == .fail(.malformedResponse(.upgrade)))
    #expect(state.begin(reused: true) == .refuse)
    #expect(state.closed() == .nothing)
  }

  @Test func `a body over the limit fails as soon as it is announced`() {
    var state = awaiting(limit: 100)
    #expect(
      state.receivedHead(status: 200, keepAlive: true, contentLength: 101)
        == .fail(.malformedResponse(.bodyTooLarge(limit: 100))))
    #expect(state.receivedBody(count: 1) == .ignore)
  }

  @Test func `a body over the limit that was not announced fails when it gets there`() {
    var state = awaiting(limit: 100)
    _ = state.receivedHead(status: 200, keepAlive: true, contentLength: nil)
    #expect(state.receivedBody(count: 60) == .append)
    #expect(state.receivedBody(count: 40) == .append)
    #expect(
      state.receivedBody(count: 1) == .fail(.malformedResponse(.bodyTooLarge(limit: 100))))
    #expect(state.receivedBody(count: 1) == .ignore)
    #expect(state.begin(reused: true) == .refuse)
  }
}

@Suite struct HTTPExchangeStateCloseTests {
  @Test(arguments: [true, false])
  func `a close before any byte says whether the connection was used before`(reused: Bool) {
    var state = awaiting(reused: reused)
    #expect(state.closed() == .fail(.closedBeforeResponse(reused: reused)))
    #expect(state.closed() == .nothing)
  }

  @Test func `a close before the request is out means that it was never received`() {
    var state = awaiting(reused: true, sent: false)
    #expect(state.closed() == .fail(.notSent(reused: true)))
    #expect(state.begin(reused: false) == .refuse)
  }

  @Test func `a close after the first byte is an interruption`() {
    var state = awaiting(reused: true)
    #expect(state.receivedBytes() == .pass)
    #expect(state.closed() == .fail(.interrupted))
    #expect(state.closed() == .nothing)
  }

  @Test func `a close within the body is an interruption`() {
    var state = reading()
    #expect(state.receivedBody(count: 3) == .append)
    #expect(state.closed() == .fail(.interrupted))
  }

  @Test func `a close after the end does not harm the response`() {
    var state = reading()
    state.receivedEnd()
    #expect(state.closed() == .succeed)
    #expect(state.closed() == .nothing)
  }

  @Test func `a close between exchanges concerns no exchange`() {
    var state = HTTPExchangeState(maxBodyBytes: 100)
    #expect(state.closed() == .nothing)
    #expect(state.begin(reused: true) == .refuse)
  }

  @Test func `bytes that nobody asked for close the connection`() {
    var state = HTTPExchangeState(maxBodyBytes: 100)
    #expect(state.receivedBytes() == .close)
    #expect(state.receivedBytes() == .drop)
    #expect(state.begin(reused: true) == .refuse)
  }

  @Test func `bytes after the end of a response spend the connection, not the response`() {
    var state = reading()
    state.receivedEnd()
    #expect(state.receivedBytes() == .drop)
    #expect(state.readComplete() == .succeed(reusable: false))

    var read = reading()
    read.receivedEnd()
    #expect(read.malformed(.notHTTP) == .succeed)
    #expect(read.begin(reused: true) == .refuse)
  }

  @Test func `what is no response fails the exchange`() {
    var state = awaiting()
    #expect(state.malformed(.notHTTP) == .fail(.malformedResponse(.notHTTP)))
    #expect(state.malformed(.notHTTP) == .nothing)
  }

  @Test(arguments: [true, false])
  func `a timeout tells whether the request was out`(sent: Bool) {
    var state = awaiting(sent: sent)
    #expect(state.timedOut() == .fail(.timedOut(requestSent: sent)))
    #expect(state.timedOut() == .nothing)
    #expect(state.begin(reused: true) == .refuse)
  }

  @Test(arguments: [true, false])
  func `a response that does not begin in time fails the exchange`(sent: Bool) {
    var state = awaiting(sent: sent)
    #expect(state.awaitsFirstByte == true)
    #expect(state.firstByteTimedOut() == .fail(.firstByteTimedOut(requestSent: sent)))
    #expect(state.awaitsFirstByte == false)
    #expect(state.firstByteTimedOut() == .nothing)
    #expect(state.begin(reused: true) == .refuse)
  }

  @Test func `the first byte is whatever comes back first`() {
    var state = awaiting()
    #expect(state.receivedBytes() == .pass)
    #expect(state.awaitsFirstByte == false)
    #expect(HTTPExchangeState(maxBodyBytes: 1).awaitsFirstByte == false)
  }

  @Test(arguments: [true, false])
  func `a cancellation tells whether the request was out`(sent: Bool) {
    var state = awaiting(sent: sent)
    #expect(state.cancelled() == .fail(.cancelled(requestSent: sent)))
    #expect(state.cancelled() == .nothing)
    #expect(state.closed() == .nothing)
  }
}

@Suite struct ExchangeFailureTests {
  @Test(arguments: [
    (ExchangeFailure.queueFull(limit: 1), false),
    (.draining, false),
    (.connectFailed(.timedOut), false),
    (.notSent(reused: true), false),
    (.closedBeforeResponse(reused: true), true),
    (.interrupted, true),
    (.malformedResponse(.notHTTP), true),
    (.firstByteTimedOut(requestSent: false), false),
    (.firstByteTimedOut(requestSent: true), true),
    (.timedOut(requestSent: false), false),
    (.timedOut(requestSent: true), true),
    (.cancelled(requestSent: false), false),
    (.cancelled(requestSent: true), true),
  ])
  func `only a whole request may have been carried out`(failure: ExchangeFailure, maybe: Bool) {
    #expect(failure.mayHaveBeenApplied == maybe)
  }
}
