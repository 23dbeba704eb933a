// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

/// Frames for streams that are closed, or never were (RFC 9113 §5.1, §5.1.1).
@Suite struct HTTP2SessionStreamStateTests {
  /// What comes of these frames: the code of GOAWAY, or nil if the connection lives.
  private func outcome(of frames: Frame..., to peer: ScriptedPeer) throws -> HTTP2ErrorCode? {
    do {
      try peer.send(frames.flatMap(\.bytes))
    } catch HTTP2SessionError.violated(let code) {
      let last = try #require(try peer.takeFrames().last { $0.kind == .goAway })
      #expect(UInt32(last.payload.dropFirst(4).prefix(4)) == code.rawValue)
      #expect(peer.session.isFinished)
      return code
    }
    #expect(peer.session.wantsRead)
    return nil
  }

  /// Stream 1 is open and its request whole, unless told otherwise.
  private func peer(endStream: Bool = true, answered: Bool = false) throws -> ScriptedPeer {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1, endStream: endStream))
    if answered { #expect(peer.session.submitResponse(.grpcOK, on: 1) == .queued) }
    _ = try peer.takeFrames()
    _ = peer.takeSeen()
    return peer
  }

  @Test func `a stream lower than the last ends the connection`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 5, endStream: true))
    #expect(
      try self.outcome(of: .headers(requestFields, on: 3, endStream: true), to: peer)
        == .protocolError)
  }

  @Test func `a finished stream takes nothing more`() throws {
    #expect(
      try self.outcome(of: .data([1], on: 1), to: self.peer(answered: true)) == .streamClosed)
    #expect(
      try self.outcome(of: .headers(requestFields, on: 1), to: self.peer(answered: true))
        == .streamClosed)
  }

  @Test func `a stream that the peer has reset takes nothing more, in one flight either`() throws {
    #expect(
      try self.outcome(of: .reset(1, code: 8), .data([1], on: 1), to: self.peer(endStream: false))
        == .streamClosed)
    #expect(
      try self.outcome(
        of: .reset(1, code: 8), .headers(requestFields, on: 1), to: self.peer(endStream: false))
        == .streamClosed)
  }

  @Test func `a stream that ends takes nothing more in the same flight`() throws {
    let peer = try self.peer(endStream: false, answered: true)
    #expect(
      try self.outcome(of: .data([1], on: 1, endStream: true), .data([2], on: 1), to: peer)
        == .streamClosed)
  }

  @Test func `what comes in one flight before a forbidden frame is seen`() throws {
    let peer = try self.peer(answered: true)
    #expect(
      try self.outcome(
        of: .headers(requestFields, on: 3, endStream: true), .data([1], on: 1), to: peer)
        == .streamClosed)
    #expect(peer.takeSeen() == [.headers(3, requestLines, endStream: true)])
  }

  @Test func `what was on its way to a stream reset from here is dropped`() throws {
    let peer = try self.peer(endStream: false)
    peer.session.resetStream(1, code: .cancel)
    _ = try peer.takeFrames()
    #expect(
      try self.outcome(
        of: .data([1], on: 1), .headers([("x-trailer", "x")], on: 1, endStream: true), to: peer)
        == nil)
  }

  @Test func `what was on its way to a malformed request is dropped`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers([(":method", "POST")], on: 1))
    _ = try peer.takeFrames()
    #expect(
      try self.outcome(
        of: .data([1], on: 1), .headers([("x-trailer", "x")], on: 1, endStream: true), to: peer)
        == nil)
  }

  @Test func `after the last GOAWAY the end of a new stream is ignored as its begin`() throws {
    let peer = try self.peer()
    peer.session.finishShutdown()
    _ = try peer.takeFrames()
    #expect(
      try self.outcome(
        of: .headers(requestFields, on: 3), .data([1], on: 3),
        .headers([("x-trailer", "x")], on: 3, endStream: true), to: peer) == nil)
    #expect(peer.takeSeen() == [])
  }

  @Test func `a window, a reset and a priority may still come for a finished stream`() throws {
    let peer = try self.peer(answered: true)
    #expect(
      try self.outcome(of: .windowUpdate(1, on: 1), .reset(1, code: 8), to: peer) == nil)
    #expect(try peer.takeFrames() == [])
  }

  @Test func `trailers of the peer's are no new request`() throws {
    let peer = try self.peer(endStream: false)
    #expect(
      try self.outcome(of: .headers([("x-trailer", "x")], on: 1, endStream: true), to: peer)
        == nil)
    #expect(peer.takeSeen() == [.ended(1)])
  }
}
