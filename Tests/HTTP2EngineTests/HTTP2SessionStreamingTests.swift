// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing

@testable import HTTP2Engine

/// Responses in pieces.
struct HTTP2SessionStreamingTests {
  private let headers = HTTP2Response.grpcOK.headers
  private let trailers = HTTP2Response.grpcOK.trailers

  /// A session with one request on stream 1 that is read whole.
  private func peer(window: UInt32 = 65_535) throws -> ScriptedPeer {
    let peer = try ScriptedPeer(settings: [(4, window)])
    try peer.send(.headers(requestFields, on: 1, endStream: true))
    _ = peer.takeSeen()
    return peer
  }

  @Test func `headers go out before there is a body`() throws {
    let peer = try self.peer()
    #expect(peer.session.beginResponse(self.headers, on: 1) == .queued)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers])
    #expect(!frames[0].endsStream)
    #expect(peer.takeSeen() == [])
    #expect(!peer.session.wantsWrite)
  }

  @Test func `a piece that is sent makes room for the next`() throws {
    let peer = try self.peer()
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = try peer.takeFrames()
    for piece: [UInt8] in [[1, 2], [3]] {
      #expect(peer.session.push(piece, on: 1) == .queued)
      #expect(peer.session.unsentBytes == piece.count)
      let frames = try peer.takeFrames()
      #expect(frames.map(\.kind) == [.data])
      #expect(frames[0].payload == piece)
      #expect(peer.takeSeen() == [.drained(1)])
      #expect(peer.session.unsentBytes == 0)
    }
  }

  @Test func `pieces pushed before the headers are out follow them`() throws {
    let peer = try self.peer()
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1], on: 1)
    _ = peer.session.push([2], on: 1)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers, .data])
    #expect(frames[1].payload == [1, 2])
  }

  @Test func `the end is trailers, and closes the stream`() throws {
    let peer = try self.peer()
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1], on: 1)
    #expect(peer.session.endResponse(with: self.trailers, on: 1) == .queued)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers, .data, .headers])
    #expect(frames[2].endsStream)
    #expect(peer.takeSeen() == [.closed(1, .noError)])
    #expect(peer.session.push([2], on: 1) == .notStreaming)
    #expect(peer.session.endResponse(with: self.trailers, on: 1) == .notStreaming)
  }

  @Test func `an end after a pause is trailers alone`() throws {
    let peer = try self.peer()
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1], on: 1)
    _ = try peer.takeFrames()
    _ = peer.session.endResponse(with: self.trailers, on: 1)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers])
    #expect(frames[0].endsStream)
    #expect(peer.takeSeen() == [.drained(1), .closed(1, .noError)])
  }

  @Test func `an end at once needs no body`() throws {
    let peer = try self.peer()
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.endResponse(with: self.trailers, on: 1)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers, .headers])
    #expect(frames[1].endsStream)
    #expect(peer.takeSeen() == [.closed(1, .noError)])
  }

  @Test func `an end without trailers ends the body`() throws {
    let peer = try self.peer()
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = try peer.takeFrames()
    _ = peer.session.endResponse(with: HeaderFields(), on: 1)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.data])
    #expect(frames[0].endsStream)
    #expect(peer.takeSeen() == [.closed(1, .noError)])
  }

  @Test func `a closed window holds what is pushed, and no room is said to be`() throws {
    let peer = try self.peer(window: 2)
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1, 2, 3], on: 1)
    #expect(try peer.takeFrames().map(\.payload.count).last == 2)
    #expect(peer.takeSeen() == [])
    #expect(peer.session.unsentBytes == 1)
    try peer.send(.windowUpdate(10, on: 1))
    #expect(try peer.takeFrames().map(\.payload) == [[3]])
    #expect(peer.takeSeen() == [.drained(1)])
  }

  @Test func `trailers need no window when all is sent`() throws {
    let peer = try self.peer(window: 2)
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1, 2], on: 1)
    _ = try peer.takeFrames()
    _ = peer.session.endResponse(with: self.trailers, on: 1)
    #expect(try peer.takeFrames().map(\.kind) == [.headers])
    #expect(peer.takeSeen() == [.drained(1), .closed(1, .noError)])
  }

  @Test func `an urgent end leaves out what was not begun`() throws {
    let peer = try self.peer(window: 0)
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1, 2], on: 1)
    _ = try peer.takeFrames()
    _ = peer.session.endResponse(with: self.trailers, discardingUnsent: true, on: 1)
    #expect(peer.session.unsentBytes == 0)
    #expect(try peer.takeFrames().map(\.kind) == [.headers])
    #expect(peer.takeSeen() == [.closed(1, .noError)])
  }

  @Test func `an urgent end does not cut a piece`() throws {
    let peer = try self.peer(window: 1)
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1, 2], on: 1)
    _ = try peer.takeFrames()
    _ = peer.session.endResponse(with: self.trailers, discardingUnsent: true, on: 1)
    #expect(try peer.takeFrames() == [])
    try peer.send(.windowUpdate(10, on: 1))
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.data, .headers])
    #expect(frames[0].payload == [2])
  }

  @Test func `a stream that the peer resets takes no more`() throws {
    let peer = try self.peer(window: 0)
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = peer.session.push([1, 2], on: 1)
    _ = try peer.takeFrames()
    try peer.send(.reset(1, code: 8))
    #expect(peer.takeSeen() == [.closed(1, .cancel)])
    #expect(peer.session.unsentBytes == 0)
    #expect(peer.session.push([3], on: 1) == .notStreaming)
  }

  @Test func `a response is one or the other kind`() throws {
    let peer = try self.peer()
    #expect(peer.session.push([1], on: 1) == .notStreaming)
    #expect(peer.session.beginResponse(self.headers, on: 1) == .queued)
    #expect(peer.session.beginResponse(self.headers, on: 1) == .alreadyAnswered)
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .alreadyAnswered)
    #expect(peer.session.beginResponse(self.headers, on: 3) == .streamClosed)
  }

  @Test func `trailers end our side while the peer still sends`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1))
    _ = peer.session.beginResponse(self.headers, on: 1)
    _ = try peer.takeFrames()
    _ = peer.session.endResponse(with: self.trailers, on: 1)
    #expect(try peer.takeFrames().map(\.kind) == [.headers])
    #expect(peer.session.openStreamCount == 1)
    try peer.send(.data([1], on: 1, endStream: true))
    #expect(peer.session.openStreamCount == 0)
  }

  // MARK: Readers that stall

  @Test func `a stream whose window stays shut is reset, and another is not`() throws {
    let peer = try ScriptedPeer(settings: [(4, 10)])
    let body = [UInt8](repeating: 1, count: 5_000)
    for streamID in [Int32(1), 3] {
      try peer.send(.headers(requestFields, on: streamID, endStream: true))
      _ = peer.session.submitResponse(.ok(body), on: streamID)
    }
    _ = try peer.takeFrames()
    for _ in 1...3 {
      try peer.send(.windowUpdate(1_100, on: 3), .windowUpdate(1, on: 1))
      #expect(try peer.takeFrames().allSatisfy { $0.kind == .data })
      peer.session.sweepStalled(after: 3)
    }
    #expect(try peer.takeFrames().map { [$0.streamID: $0.kind] } == [[1: .resetStream]])
    #expect(peer.takeSeen().last == .closed(1, .cancel))
  }

  @Test func `a connection's own window is held against no stream`() throws {
    let peer = try ScriptedPeer(settings: [(4, 1_000_000)])
    try peer.send(.headers(requestFields, on: 1, endStream: true))
    _ = peer.session.submitResponse(.ok([UInt8](repeating: 1, count: 70_000)), on: 1)
    _ = try peer.takeFrames()
    #expect(peer.session.unsentBytes == 70_000 - 65_535)
    for _ in 1...10 { peer.session.sweepStalled(after: 3) }
    #expect(try peer.takeFrames() == [])
  }
}
