// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import JobsAPI
import NIOCore
import Testing

@testable import GatewayServer

/// What time and a flood do to a connection, and what its peer is told.
struct HTTP2HandlerWatchTests {
  private func terms(_ change: (inout ConnectionLimits) -> Void) -> ConnectionTerms {
    var limits = ConnectionLimits()
    change(&limits)
    return ConnectionTerms(limits: limits)
  }

  /// The code and the text of a GOAWAY.
  private func farewell(_ frames: [Frame]) -> (code: UInt32, debug: String)? {
    guard let frame = frames.last(where: { $0.kind == .goAway }) else { return nil }
    return (
      UInt32(frame.payload[4..<8]), String(decoding: frame.payload[8...], as: UTF8.self)
    )
  }

  @Test func `too many pings are told so in gRPC's own words`() async throws {
    let caller = try await Caller()
    for _ in 1...3 { try await caller.send(.ping(Array(repeating: 1, count: 8))) }
    #expect(try await caller.takeFrames().map(\.kind) == [.ping, .ping, .ping])
    try await caller.send(.ping(Array(repeating: 1, count: 8)))
    let farewell = self.farewell(try await caller.takeFrames())
    #expect(farewell?.code == HTTP2ErrorCode.enhanceYourCalm.rawValue)
    #expect(farewell?.debug == "too_many_pings")
    #expect(caller.isClosed)
  }

  @Test func `pings between answers are no offence`() async throws {
    let caller = try await Caller()
    for streamID in stride(from: Int32(1), to: 60, by: 2) {
      _ = try await caller.call(Request(.describe), on: streamID)
      try await caller.send(.ping(Array(repeating: 1, count: 8)))
      #expect(try await caller.takeFrames().map(\.kind) == [.ping])
    }
    #expect(!caller.isClosed)
  }

  @Test(arguments: [
    Frame(type: 2, streamID: 1, payload: [0, 0, 0, 0, 1]), Frame.windowUpdate(1, on: 0),
    Frame(type: 0xBE, payload: []),
  ])
  func `a flood of frames that ask for nothing ends the connection`(frame: Frame) async throws {
    let caller = try await Caller()
    let flood = Array(repeating: frame.bytes, count: 500).flatMap { $0 }
    for _ in 1...9 where !caller.isClosed { try await caller.send(flood) }
    #expect(
      self.farewell(try await caller.takeFrames())?.code
        == HTTP2ErrorCode.enhanceYourCalm.rawValue)
    #expect(caller.isClosed)
  }

  @Test func `a frame that is begun and not finished ends the connection`() async throws {
    let caller = try await Caller()
    try await caller.send([0, 0, 8, 6])
    await caller.pass(.seconds(14))
    #expect(
      self.farewell(try await caller.takeFrames())?.code
        == HTTP2ErrorCode.enhanceYourCalm.rawValue)
    #expect(caller.isClosed)
  }

  @Test func `a request that does not end is answered, and its stream is reset`() async throws {
    let caller = try await Caller()
    try await caller.send(.headers(Request(.describe).headers, on: 1))
    await caller.pass(.seconds(28))
    #expect(try await caller.takeFrames().isEmpty)
    // Calls are timed on the clock of the system, so the test asks for no wait.
    let impatient = try await Caller(terms: self.terms { $0.requestTimeout = .nanoseconds(1) })
    try await impatient.send(.headers(Request(.describe).headers, on: 1))
    await impatient.pass(.seconds(1))
    let frames = try await impatient.takeFrames()
    #expect(impatient.answers[1]?.status == "4")
    #expect(frames.last?.kind == .resetStream)
    #expect(impatient.inFlight == 0)
    #expect(!impatient.isClosed)
    #expect(impatient.backend.calls.isEmpty)
  }

  @Test func `a peer that takes no answers is closed after half a minute`() async throws {
    // SETTINGS_INITIAL_WINDOW_SIZE of 10 bytes.
    let caller = try await Caller(settings: [(id: 4, value: 10)])
    try await caller.send(Request(.describe).bytes(on: 1))
    #expect(try await !caller.answer().isEnded)
    await caller.pass(.seconds(30))
    #expect(!caller.isClosed)
    await caller.pass(.seconds(6))
    #expect(caller.isClosed)
  }

  @Test func `a silent peer is asked, and closed when it does not answer`() async throws {
    let caller = try await Caller(terms: self.terms { $0.keepaliveInterval = .seconds(60) })
    await caller.pass(.seconds(80))
    #expect(try await caller.takeFrames().map(\.kind) == [.ping])
    #expect(!caller.isClosed)
    await caller.pass(.seconds(25))
    #expect(caller.isClosed)
  }

  @Test func `a peer that answers the question stays`() async throws {
    let caller = try await Caller(terms: self.terms { $0.keepaliveInterval = .seconds(60) })
    for _ in 1...5 {
      await caller.pass(.seconds(80))
      let ping = try #require(try await caller.takeFrames().first { $0.kind == .ping })
      try await caller.send(.ping(ping.payload, ack: true))
    }
    #expect(!caller.isClosed)
    #expect(try await caller.call(Request(.describe)).status == "0")
  }

  @Test func `an idle connection is drained like any other`() async throws {
    let caller = try await Caller(
      terms: self.terms {
        $0.idleTimeout = .seconds(60)
        $0.keepaliveInterval = nil
      })
    await caller.pass(.seconds(58))
    #expect(try await caller.takeFrames().isEmpty)
    await caller.pass(.seconds(14))
    #expect(try await caller.takeFrames().map(\.kind).contains(.goAway))
    #expect(caller.isClosed)
  }

  @Test func `at its age a connection finishes its calls, in the time that they have`() async throws
  {
    let caller = try await Caller(
      .waitStubbornly,
      terms: self.terms {
        $0.maxAge = .seconds(100)
        $0.maxAgeGrace = .seconds(60)
      })
    try await caller.send(Request(.update).bytes(on: 1))
    await caller.pass(.seconds(113))
    #expect(self.farewell(try await caller.takeFrames())?.code == 0)
    #expect(!caller.isClosed)
    await caller.pass(.seconds(62))
    #expect(caller.isClosed)
    #expect(caller.inFlight == 0)
  }

  @Test func `a connection that rests serves the next call like any other`() async throws {
    let caller = try await Caller()
    for streamID in stride(from: Int32(1), to: 20, by: 2) {
      #expect(try await caller.call(Request(.describe), on: streamID).status == "0")
      await caller.pass(.seconds(30))
    }
    #expect(caller.answers.count == 10)
  }

  @Test func `a peer that takes no answers and sends pings is closed all the same`() async throws {
    let caller = try await Caller(settings: [(id: 4, value: 10)])
    try await caller.send(Request(.describe).bytes(on: 1))
    for _ in 1...6 {
      #expect(!caller.isClosed)
      try await caller.send(.ping(Array(repeating: 1, count: 8)))
      await caller.pass(.seconds(6))
    }
    #expect(caller.isClosed)
  }

  @Test func `an answer left lying among others that are taken ends with its stream`() async throws
  {
    let caller = try await Caller(settings: [(id: 4, value: 10)])
    try await caller.send(Request(.describe).bytes(on: 1))
    _ = try await caller.takeFrames()
    // The connection itself is never silent for long.
    for streamID in stride(from: Int32(3), to: 29, by: 2) {
      try await caller.send(Request(.describe).bytes(on: streamID))
      try await caller.send(.windowUpdate(10_000, on: streamID))
      #expect(try await caller.answer(on: streamID).status == "0")
      await caller.pass(.seconds(5))
    }
    _ = try await caller.takeFrames()
    #expect(caller.answers[1]?.resetCode == HTTP2ErrorCode.cancel.rawValue)
    #expect(!caller.isClosed)
  }

  @Test func `the rest of a frame is not late while nothing is read`() async throws {
    let caller = try await Caller()
    try await caller.send([0, 0, 8, 6])
    await caller.setWritable(false)
    await caller.askToRead()
    await caller.pass(.seconds(20))
    #expect(!caller.isClosed)
    await caller.setWritable(true)
    await caller.pass(.seconds(14))
    #expect(caller.isClosed)
  }
}
