// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

@Suite struct HTTP2SessionOutboundTests {
  /// A connection with one whole request on stream 1.
  private func peerWithRequest(
    limits: HTTP2Limits = HTTP2Limits(), settings: [(id: UInt16, value: UInt32)] = []
  ) throws -> ScriptedPeer {
    let peer = try ScriptedPeer(limits: limits, settings: settings)
    try peer.send(.headers(requestFields, on: 1, endStream: true))
    _ = peer.takeSeen()
    return peer
  }

  @Test func `a response is HEADERS, DATA and trailers`() throws {
    let peer = try self.peerWithRequest()
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .queued)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers, .data, .headers])
    #expect(frames.map(\.endsStream) == [false, false, true])
    try #require(frames.count == 3)
    #expect(peer.fields(of: frames[0]) == [":status: 200", "content-type: application/grpc"])
    #expect(frames[1].payload == [0, 0, 0, 0, 2, 8, 1])
    #expect(peer.fields(of: frames[2]) == ["grpc-status: 0"])
    #expect(peer.takeSeen() == [.closed(1, .noError)])
    #expect(peer.session.openStreamCount == 0)
  }

  @Test func `a response without body and trailers is one HEADERS frame`() throws {
    let peer = try self.peerWithRequest()
    _ = peer.session.submitResponse(.ok(), on: 1)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers])
    #expect(frames.map(\.endsStream) == [true])
  }

  @Test func `a response with trailers and no body ends with the trailers`() throws {
    let peer = try self.peerWithRequest()
    var trailers = HeaderFields()
    trailers.append("grpc-status", "5")
    _ = peer.session.submitResponse(.ok(trailers: trailers), on: 1)
    let frames = try peer.takeFrames().filter { $0.kind == .headers || !$0.payload.isEmpty }
    #expect(frames.map(\.endsStream) == [false, true])
    #expect(frames.last.flatMap(peer.fields) == ["grpc-status: 5"])
    #expect(peer.takeSeen() == [.closed(1, .noError)])
  }

  @Test func `a response with a body and no trailers ends with the body`() throws {
    let peer = try self.peerWithRequest()
    _ = peer.session.submitResponse(.ok([1, 2]), on: 1)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers, .data])
    #expect(frames.map(\.endsStream) == [false, true])
  }

  @Test func `repeated fields shrink, unique ones are never indexed`() throws {
    let peer = try ScriptedPeer()
    var sizes: [Int] = []
    for streamID in [Int32(1), 3] {
      try peer.send(.headers(requestFields, on: streamID, endStream: true))
      var response = HTTP2Response.ok()
      response.headers.append("x-request-id", text: "id-of-\(streamID)")
      _ = peer.session.submitResponse(response, on: streamID)
      let frame = try #require(try peer.takeFrames().first)
      sizes.append(frame.payload.count)
      #expect(peer.fields(of: frame)?.last == "x-request-id: id-of-\(streamID)")
    }
    #expect(sizes[1] < sizes[0])
    #expect(sizes[1] > 2 + "id-of-3".utf8.count / 2)
  }

  @Test func `a value with a line break is not sent`() {
    var fields = HeaderFields()
    let taken = ["a\r\nset-cookie: b", "a\0b", "a b"].map { fields.append("x-id", text: $0) }
    #expect(taken == [false, false, true])
    #expect(fields.lines == ["x-id: a b"])
  }

  @Test func `an answered stream takes no second answer`() throws {
    let peer = try self.peerWithRequest()
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .queued)
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .alreadyAnswered)
    _ = try peer.takeFrames()
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .streamClosed)
    peer.session.resetStream(1, code: .cancel)
    peer.session.consume(10, on: 1)
    #expect(try peer.takeFrames() == [])
  }

  @Test(arguments: [Int32(0), 1, 2, 3, -1, .max, .min])
  func `streams that never were take no answer`(streamID: Int32) throws {
    let peer = try ScriptedPeer()
    #expect(peer.session.submitResponse(.grpcOK, on: streamID) == .streamClosed)
    peer.session.resetStream(streamID, code: .cancel)
    peer.session.consume(10, on: streamID)
    #expect(try peer.takeFrames() == [])
  }

  @Test func `a reset from here closes the stream`() throws {
    let peer = try self.peerWithRequest()
    peer.session.resetStream(1, code: .internalError)
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .alreadyAnswered)
    #expect(try peer.takeFrames() == [.reset(1, code: HTTP2ErrorCode.internalError.rawValue)])
    #expect(peer.takeSeen() == [.closed(1, .internalError)])
  }

  @Test func `an answer before the request's end leaves the peer to end it`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1))
    _ = peer.takeSeen()
    _ = peer.session.submitResponse(.grpcOK, on: 1)
    #expect(try peer.takeFrames().map(\.kind) == [.headers, .data, .headers])
    #expect(peer.takeSeen() == [])
    try peer.send(.data([1, 2, 3], on: 1, endStream: true))
    #expect(peer.takeSeen() == [.closed(1, .noError)])
    #expect(try peer.takeFrames() == [])
    #expect(peer.session.wantsRead)
  }

  @Test func `a peer that goes on and on after the answer is asked to stop, once`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1))
    _ = peer.takeSeen()
    _ = peer.session.submitResponse(.grpcOK, on: 1)
    _ = try peer.takeFrames()
    let most = [UInt8](repeating: 0, count: 16_384)
    try peer.send(.data(most, on: 1))
    #expect(try peer.takeFrames() == [])
    try peer.send(.data([1], on: 1), .data([2], on: 1))
    #expect(peer.takeSeen() == [])
    #expect(try peer.takeFrames() == [.reset(1, code: HTTP2ErrorCode.noError.rawValue)])
    #expect(peer.takeSeen() == [.closed(1, .noError)])
    // More was on its way; it is dropped, and the connection lives.
    try peer.send(.data([5, 6], on: 1, endStream: true))
    #expect(peer.takeSeen() == [])
    #expect(peer.session.wantsRead)
  }

  @Test func `a reset is sent once`() throws {
    let peer = try self.peerWithRequest()
    peer.session.resetStream(1, code: .cancel)
    peer.session.resetStream(1, code: .internalError)
    #expect(try peer.takeFrames() == [.reset(1, code: HTTP2ErrorCode.cancel.rawValue)])
  }

  @Test func `a response too large to send resets its stream`() throws {
    let peer = try self.peerWithRequest()
    var response = HTTP2Response.ok()
    response.headers.append("x-large", text: String(repeating: "x", count: 100_000))
    _ = peer.session.submitResponse(response, on: 1)
    #expect(try peer.takeFrames() == [.reset(1, code: HTTP2ErrorCode.internalError.rawValue)])
    #expect(peer.takeSeen() == [.closed(1, .internalError)])
  }

  @Test func `a body waits for the peer's window`() throws {
    let peer = try self.peerWithRequest(settings: [(4, 10)])
    var trailers = HeaderFields()
    trailers.append("grpc-status", "0")
    _ = peer.session.submitResponse(.ok(Array(0..<25), trailers: trailers), on: 1)
    var frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.headers, .data])
    #expect(frames.last?.payload == Array(0..<10))
    #expect(!peer.session.wantsWrite)
    try peer.send(.windowUpdate(5, on: 1))
    frames = try peer.takeFrames()
    #expect(frames.map(\.payload) == [Array(10..<15)])
    try peer.send(.windowUpdate(100, on: 1))
    frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.data, .headers])
    #expect(frames.first?.payload == Array(15..<25))
    #expect(peer.takeSeen() == [.closed(1, .noError)])
  }

  @Test func `a large body arrives whole across both windows`() throws {
    let peer = try self.peerWithRequest()
    let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    _ = peer.session.submitResponse(.ok(body), on: 1)
    var received: [UInt8] = []
    for _ in 0..<10 {
      for frame in try peer.takeFrames() where frame.kind == .data { received += frame.payload }
      try peer.send(.windowUpdate(65_535, on: 0), .windowUpdate(65_535, on: 1))
    }
    #expect(received == body)
  }

  @Test func `a reset while a response waits for the window drops it`() throws {
    let peer = try self.peerWithRequest(settings: [(4, 10)])
    _ = peer.session.submitResponse(.ok(Array(0..<25)), on: 1)
    _ = try peer.takeFrames()
    try peer.send(.reset(1, code: HTTP2ErrorCode.cancel.rawValue))
    #expect(peer.takeSeen() == [.closed(1, .cancel)])
    try peer.send(.windowUpdate(100, on: 0))
    #expect(try peer.takeFrames() == [])
  }

  @Test func `draining pauses at its allowance and goes on where it stopped`() throws {
    let peer = try self.peerWithRequest()
    let body = [UInt8](repeating: 7, count: 60_000)
    _ = peer.session.submitResponse(.ok(body), on: 1)
    #expect(try peer.drain(atMost: 20_000) == .paused)
    let first = peer.written.count
    #expect(first >= 20_000 && first < 20_000 + 16_384 + 9)
    #expect(peer.session.wantsWrite)
    #expect(try peer.drain(atMost: 0) == .paused)
    #expect(peer.written.count == first)
    #expect(try peer.drain(atMost: 1_000_000) == .drained)
    let frames = Frame.read(peer.written)
    #expect(frames.filter { $0.kind == .data }.flatMap(\.payload) == body)
    #expect(!peer.session.wantsWrite)
  }
}

// MARK: - Shutdown

@Suite struct HTTP2SessionShutdownTests {
  @Test func `shutdown warns first, then names the last stream, then finishes`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1, endStream: true))
    peer.session.beginShutdown()
    let notice = try peer.takeFrames()
    // In this order, so that whoever confirms has read the notice.
    #expect(notice.map(\.kind) == [.goAway, .ping])
    let goAway = try #require(notice.first { $0.kind == .goAway })
    #expect(UInt32(goAway.payload.prefix(4)) == 0x7FFF_FFFF)
    let ping = try #require(notice.first { $0.kind == .ping })

    // A stream that crossed the notice on the wire is served.
    try peer.send(.headers(requestFields, on: 3, endStream: true), .ping(ping.payload, ack: true))
    #expect(peer.takeSeen().last == .noticeAcknowledged)
    peer.session.finishShutdown()
    let last = try #require(try peer.takeFrames().first { $0.kind == .goAway })
    #expect(UInt32(last.payload.prefix(4)) == 3)
    #expect(!peer.session.isFinished)

    // One that comes after is not even seen.
    try peer.send(.headers(requestFields, on: 5, endStream: true))
    #expect(peer.takeSeen() == [])
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .queued)
    #expect(peer.session.submitResponse(.grpcOK, on: 3) == .queued)
    #expect(!peer.session.isFinished)
    _ = try peer.takeFrames()
    #expect(peer.session.isFinished)
  }

  @Test func `an idle session is finished as soon as its GOAWAY is out`() throws {
    let peer = try ScriptedPeer()
    peer.session.finishShutdown()
    #expect(!peer.session.isFinished)
    #expect(try peer.takeFrames().map(\.kind) == [.goAway])
    #expect(peer.session.isFinished)
  }

  @Test func `somebody else's PING acknowledgement means nothing`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.ping([0, 0, 0, 0, 0, 0, 0, 0], ack: true))
    #expect(peer.takeSeen() == [])
  }

  @Test func `terminating ends everything with one GOAWAY`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1))
    peer.session.terminate(code: .enhanceYourCalm)
    peer.session.terminate(code: .internalError)
    let frames = try peer.takeFrames()
    #expect(frames.map(\.kind) == [.goAway])
    #expect(
      UInt32(frames[0].payload.suffix(4)) == HTTP2ErrorCode.enhanceYourCalm.rawValue)
    #expect(peer.session.isFinished)
  }
}
