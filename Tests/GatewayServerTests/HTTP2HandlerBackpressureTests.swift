// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import JobsAPI
import NIOCore
import Testing

@testable import GatewayServer

/// Peers that send and do not read. What they can make this process hold is bounded because nothing
/// more is read from them.
struct HTTP2HandlerBackpressureTests {
  @Test func `a peer that reads is read from`() async throws {
    let caller = try await Caller()
    let before = caller.readGate.reads
    await caller.askToRead()
    #expect(caller.readGate.reads == before + 1)
  }

  @Test func `a peer that does not read is not read from until it does`() async throws {
    let caller = try await Caller()
    let before = caller.readGate.reads
    await caller.setWritable(false)
    for _ in 1...3 { await caller.askToRead() }
    #expect(caller.readGate.reads == before)
    await caller.setWritable(true)
    #expect(caller.readGate.reads == before + 1)
    // Held once, passed on once.
    await caller.setWritable(false)
    await caller.setWritable(true)
    #expect(caller.readGate.reads == before + 1)
  }

  @Test func `answers wait for the peer, then all are written`() async throws {
    let caller = try await Caller()
    await caller.setWritable(false)
    for streamID in stride(from: Int32(1), to: 20, by: 2) {
      try await caller.send(Request(.describe).bytes(on: streamID))
    }
    #expect(try await caller.takeFrames().isEmpty)
    // The calls themselves are made, and their number is bounded by the streams there may be.
    #expect(caller.backend.calls.count == 10)
    await caller.setWritable(true)
    _ = try await caller.takeFrames()
    #expect(caller.answers.count == 10)
    #expect(caller.answers.values.allSatisfy { $0.status == "0" })
  }

  @Test func `streams beyond the limit end the connection, and are no calls`() async throws {
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = 4
    let caller = try await Caller(http2Limits: limits)
    await caller.setWritable(false)
    for streamID in stride(from: Int32(1), to: 40, by: 2) {
      try await caller.send(Request(.describe).bytes(on: streamID))
    }
    #expect(caller.backend.calls.count == 4)
    await caller.setWritable(true)
    #expect(try await caller.takeFrames().last?.kind == .goAway)
    #expect(caller.isClosed)
    #expect(caller.counted.values.reduce(0, +) == 4)
    #expect(caller.inFlight == 0)
  }

  @Test func `what is read opens the windows again, answered or not`() async throws {
    let caller = try await Caller(.wait)
    var request = Request(.describe)
    // Field 15, which nobody knows and decoders skip, makes the message 60,000 bytes long.
    let padding: [UInt8] = [15 << 3 | 2, 0xE0, 0xD4, 0x03]
    let message = Array(request.body.dropFirst(5)) + padding
    request.body = Request.frame(message + Array(repeating: 0, count: 60_000))
    // Three megabytes through a connection whose window is one, while no call is answered.
    for streamID in stride(from: Int32(1), to: 100, by: 2) {
      try await caller.send(.headers(request.headers, on: streamID))
      for start in stride(from: 0, to: request.body.count, by: 16_384) {
        let part = request.body[start...].prefix(16_384)
        let isLast = part.endIndex == request.body.endIndex
        try await caller.send(.data(Array(part), on: streamID, endStream: isLast))
      }
    }
    #expect(caller.backend.waiting == 50)
    caller.backend.release()
    _ = try await caller.takeFrames()
    #expect(caller.answers.values.filter { $0.status == "0" }.count == 50)
  }

  @Test func `a body waits for the peer's window`() async throws {
    // SETTINGS_INITIAL_WINDOW_SIZE of 10 bytes.
    let caller = try await Caller(settings: [(id: 4, value: 10)])
    try await caller.send(Request(.describe).bytes(on: 1))
    let part = try await caller.answer()
    #expect(part.body.count == 10)
    #expect(!part.isEnded)
    try await caller.send(.windowUpdate(1_000, on: 1))
    #expect(try await caller.answer().status == "0")
    #expect(caller.inFlight == 0)
  }

  @Test func `a peer that resets what it does not read frees it, and is counted once`() async throws
  {
    let caller = try await Caller(settings: [(id: 4, value: 10)])
    try await caller.send(Request(.describe).bytes(on: 1))
    #expect(try await !caller.answer().isEnded)
    // The call was answered when it was: what became of the bytes is another matter.
    try await caller.send(.reset(1, code: 8))
    #expect(caller.counted == [#"method="DescribeJobExecution",code="OK""#: 1])
    #expect(caller.inFlight == 0)
  }

  @Test func `a peer that floods is told to be calm and let go`() async throws {
    var limits = HTTP2Limits()
    limits.maxQueuedAcknowledgements = 50
    let caller = try await Caller(.wait, http2Limits: limits)
    try await caller.send(Request(.describe).bytes(on: 1))
    await caller.setWritable(false)
    let ping = Frame.ping([0, 1, 2, 3, 4, 5, 6, 7])
    try await caller.send((0..<200).flatMap { _ in ping.bytes })
    #expect(caller.isClosed)
    #expect(caller.backend.cancelled == 1)
    #expect(caller.inFlight == 0)
  }
}
