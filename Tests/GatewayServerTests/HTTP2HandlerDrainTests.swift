// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import NIOCore
import Testing

@testable import GatewayServer

/// The graceful end of a connection (RFC 9113 §6.8).
struct HTTP2HandlerDrainTests {
  /// The last stream that a GOAWAY promises to serve.
  private func lastStream(_ frame: Frame) -> UInt32 {
    UInt32(frame.payload.prefix(4))
  }

  /// Begins the drain, and returns the PING that a peer answers once it has seen the notice.
  private func beginDrain(_ caller: Caller) async throws -> Frame {
    await caller.fire(ChannelShouldQuiesceEvent())
    let frames = try await caller.takeFrames()
    #expect(frames.count == 2)
    let notice = frames.first { $0.kind == .goAway }
    #expect(notice.map(self.lastStream) == 0x7FFF_FFFF)
    return try #require(frames.first { $0.kind == .ping })
  }

  @Test func `a running call is finished, then the connection closes`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.update).bytes(on: 1))
    let ping = try await self.beginDrain(caller)
    #expect(!caller.isClosed)

    try await caller.send(.ping(ping.payload, ack: true))
    let second = try await caller.takeFrames()
    #expect(second.map(\.kind) == [.goAway])
    #expect(second.first.map(self.lastStream) == 1)
    #expect(!caller.isClosed)

    caller.backend.release()
    #expect(try await caller.answer().status == "0")
    #expect(caller.isClosed)
    #expect(caller.inFlight == 0)
    #expect(caller.counted == [#"method="UpdateJobExecution",code="OK""#: 1])
  }

  @Test func `an idle connection closes as soon as the notice is confirmed`() async throws {
    let caller = try await Caller()
    let ping = try await self.beginDrain(caller)
    #expect(!caller.isClosed)
    try await caller.send(.ping(ping.payload, ack: true))
    #expect(try await caller.takeFrames().map(\.kind) == [.goAway])
    #expect(caller.isClosed)
  }

  @Test func `a call that crosses the notice is served`() async throws {
    let caller = try await Caller()
    let ping = try await self.beginDrain(caller)
    try await caller.send(
      Request(.describe).bytes(on: 1) + Frame.ping(ping.payload, ack: true).bytes)
    #expect(try await caller.answer().status == "0")
    #expect(caller.isClosed)
  }

  @Test func `a call after the second notice is not served`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    let ping = try await self.beginDrain(caller)
    try await caller.send(.ping(ping.payload, ack: true))
    try await caller.send(Request(.describe).bytes(on: 3))
    #expect(caller.backend.calls.count == 1)
    caller.backend.release()
    #expect(try await caller.answer(on: 1).status == "0")
    #expect(caller.answers[3] == nil)
    #expect(caller.isClosed)
    #expect(caller.counted.values.reduce(0, +) == 1)
  }

  @Test func `a peer that never confirms does not hold the drain`() async throws {
    let caller = try await Caller()
    _ = try await self.beginDrain(caller)
    await caller.pass(.milliseconds(999))
    #expect(try await caller.takeFrames().isEmpty)
    #expect(!caller.isClosed)
    await caller.pass(.milliseconds(1))
    #expect(try await caller.takeFrames().map(\.kind) == [.goAway])
    #expect(caller.isClosed)
  }

  @Test func `a peer that confirms is told twice, not three times`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    let ping = try await self.beginDrain(caller)
    try await caller.send(.ping(ping.payload, ack: true))
    #expect(try await caller.takeFrames().map(\.kind) == [.goAway])
    await caller.pass(.seconds(2))
    #expect(try await caller.takeFrames().isEmpty)
    #expect(!caller.isClosed)
    try await caller.send(.ping(ping.payload, ack: true))
    #expect(try await caller.takeFrames().isEmpty)
    caller.backend.release()
    #expect(try await caller.answer().status == "0")
    #expect(caller.isClosed)
  }

  @Test func `a drain is begun once`() async throws {
    let caller = try await Caller()
    _ = try await self.beginDrain(caller)
    await caller.fire(ChannelShouldQuiesceEvent())
    #expect(try await caller.takeFrames().isEmpty)
  }

  @Test func `a connection may go while it drains`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    _ = try await self.beginDrain(caller)
    try await caller.disconnect()
    await caller.pass(.seconds(2))
    #expect(caller.backend.cancelled == 1)
    #expect(caller.inFlight == 0)
  }

  @Test func `a peer's own GOAWAY lets its calls finish`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    try await caller.send(.goAway(code: 0))
    #expect(!caller.isClosed)
    caller.backend.release()
    #expect(try await caller.answer().status == "0")
  }
}
