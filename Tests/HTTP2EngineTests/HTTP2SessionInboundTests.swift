// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

@Suite struct HTTP2SessionInboundTests {
  @Test func `the first flight announces the limits and widens the connection's window`() throws {
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = 7
    limits.streamWindowBytes = 70_000
    limits.connectionWindowBytes = 200_000
    limits.maxHeaderListBytes = 9_000
    let peer = try ScriptedPeer(limits: limits, handshake: false)
    let entries: [(id: UInt16, value: UInt32)] = [(3, 7), (4, 70_000), (6, 9_000), (9, 1)]
    #expect(
      try peer.takeFrames() == [
        Frame.settings(entries), Frame.windowUpdate(200_000 - 65_535, on: 0),
      ])
  }

  @Test func `a request split at any byte is the same request`() throws {
    let script =
      Frame.preface + Frame.settings().bytes
      + Frame.headers(requestFields, on: 1).bytes
      + Frame.data([1, 2, 3], on: 1).bytes + Frame.data([4], on: 1).bytes
      + Frame.headers([("trailing", "ignored")], on: 1, endStream: true).bytes
      + Frame.headers(requestFields, on: 3, endStream: true).bytes
    for split in 0...script.count {
      let peer = try ScriptedPeer(handshake: false)
      try peer.send(Array(script[..<split]))
      try peer.send(Array(script[split...]))
      let seen = peer.takeSeen()
      #expect(seen.first == .headers(1, requestLines, endStream: false))
      #expect(seen.suffix(2) == [.ended(1), .headers(3, requestLines, endStream: true)])
      #expect(body(in: seen, of: 1) == [1, 2, 3, 4])
      #expect(seen.count <= 6)
    }
  }

  @Test func `a request fed byte by byte is the same request`() throws {
    let peer = try ScriptedPeer()
    let script =
      Frame.headers(requestFields, on: 1).bytes
      + Frame.data([1, 2, 3], on: 1, endStream: true).bytes
    for byte in script { try peer.send([byte]) }
    #expect(
      peer.takeSeen() == [
        .headers(1, requestLines, endStream: false), .data(1, [1]), .data(1, [2]), .data(1, [3]),
        .ended(1),
      ])
  }

  @Test func `an empty last DATA frame ends a request`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1), .data([], on: 1, endStream: true))
    #expect(peer.takeSeen() == [.headers(1, requestLines, endStream: false), .ended(1)])
  }

  @Test func `fields are found by name, byte for byte`() throws {
    let session = try HTTP2Session()
    let fields = [("te", "trailers"), ("x-word", "caf\u{E9}"), ("x-empty", "")]
    let script =
      Frame.preface + Frame.settings().bytes
      + Frame.headers(requestFields + fields, on: 1, endStream: true).bytes
    try session.receive(script.span)
    guard case .requestHeaders(1, let found, true)? = session.nextEvent() else {
      Issue.record("no request")
      return
    }
    for (offset, (name, value)) in fields.enumerated() {
      let position = requestFields.count + offset
      #expect(found.nameCount(at: position) == name.utf8.count)
      #expect(Array(found.value(at: position)) == Array(value.utf8))
    }
    let word = requestFields.count + 1
    #expect(found.isNamed("x-word", at: word))
    #expect(!found.isNamed("x-wor", at: word))
    #expect(!found.isNamed("y-word", at: word))
    #expect(!found.isNamed("x-word", at: word + 1))
  }

  @Test func `a well-formed CONNECT is the application's to refuse`() throws {
    let peer = try ScriptedPeer()
    let fields = [(":method", "CONNECT"), (":authority", "localhost:80")]
    try peer.send(.headers(fields, on: 1))
    let lines = [":method: CONNECT", ":authority: localhost:80"]
    #expect(peer.takeSeen() == [.headers(1, lines, endStream: false)])
  }

  @Test func `PING is answered`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.ping([1, 2, 3, 4, 5, 6, 7, 8]))
    #expect(try peer.takeFrames() == [.ping([1, 2, 3, 4, 5, 6, 7, 8], ack: true)])
    #expect(peer.takeSeen() == [])
  }

  @Test func `a reset by the peer closes the stream with its code`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(requestFields, on: 1))
    _ = peer.takeSeen()
    try peer.send(.reset(1, code: HTTP2ErrorCode.cancel.rawValue))
    #expect(peer.takeSeen() == [.closed(1, .cancel)])
    #expect(peer.session.openStreamCount == 0)
    #expect(peer.session.submitResponse(.grpcOK, on: 1) == .streamClosed)
    #expect(try peer.takeFrames() == [])
  }

  @Test func `a stream that is reset in the flight that opens it is known to be closed`() throws {
    let session = try HTTP2Session()
    let script =
      Frame.preface + Frame.settings().bytes
      + Frame.headers(requestFields, on: 1, endStream: true).bytes
      + Frame.headers(requestFields, on: 3, endStream: true).bytes + Frame.reset(1, code: 8).bytes
    try session.receive(script.span)
    #expect(!session.isOpen(1))
    #expect(session.isOpen(3))
    guard case .requestHeaders(1, _, endStream: true)? = session.nextEvent() else {
      Issue.record("its events come in order all the same")
      return
    }
  }

  @Test func `GOAWAY of the peer is told and the session ends when idle`() throws {
    let peer = try ScriptedPeer()
    #expect(!peer.session.isFinished)
    try peer.send(.goAway(code: 0))
    #expect(peer.takeSeen() == [.goAway(.noError)])
    #expect(peer.session.isFinished)
  }

  @Test func `what follows GOAWAY of an idle peer is dropped, however it is split`() throws {
    let request = Frame.headers(requestFields, on: 1, endStream: true)
    let (one, two) = (try ScriptedPeer(), try ScriptedPeer())
    try one.send(.goAway(code: 0), request)
    try two.send(.goAway(code: 0))
    try two.send(request)
    for peer in [one, two] {
      #expect(peer.takeSeen() == [.goAway(.noError)])
      #expect(peer.session.isFinished)
    }
  }

  @Test func `a call that is running keeps the connection of a peer that says GOAWAY`() throws {
    let peer = try ScriptedPeer()
    try peer.send(
      .headers(requestFields, on: 1, endStream: true), .goAway(code: 0),
      .headers(requestFields, on: 3, endStream: true))
    #expect(
      peer.takeSeen() == [
        .headers(1, requestLines, endStream: true), .goAway(.noError),
        .headers(3, requestLines, endStream: true),
      ])
  }
}

// MARK: - Flow control

@Suite struct HTTP2SessionInboundWindowTests {
  @Test func `the window opens when the application consumes, not before`() throws {
    var limits = HTTP2Limits()
    limits.streamWindowBytes = 1_000
    let peer = try ScriptedPeer(limits: limits)
    try peer.send(
      .headers(requestFields, on: 1), .data([UInt8](repeating: 1, count: 800), on: 1))
    #expect(try peer.takeFrames() == [])
    peer.session.consume(800, on: 1)
    #expect(try peer.takeFrames() == [.windowUpdate(800, on: 1)])
    peer.session.consume(800, on: 1)
    #expect(try peer.takeFrames() == [], "consumed twice counts once")
  }

  @Test func `data beyond the window is the peer's fault`() throws {
    var limits = HTTP2Limits()
    limits.streamWindowBytes = 1_000
    let peer = try ScriptedPeer(limits: limits)
    try peer.send(
      .headers(requestFields, on: 1), .data([UInt8](repeating: 1, count: 1_001), on: 1))
    let last = try #require(try peer.takeFrames().last)
    #expect(last.kind == .goAway || last.kind == .resetStream)
    #expect(UInt32(last.payload.suffix(4)) == HTTP2ErrorCode.flowControlError.rawValue)
  }

  @Test func `bytes nobody wants any more go back to the connection`() throws {
    var limits = HTTP2Limits()
    limits.connectionWindowBytes = 65_535
    let peer = try ScriptedPeer(limits: limits)
    for number in 0..<20 {
      let streamID = Int32(1 + 2 * number)
      try peer.send(.headers(requestFields, on: streamID))
      _ = peer.session.submitResponse(.grpcOK, on: streamID)
      _ = try peer.takeFrames()
      try peer.send(.data([UInt8](repeating: 0, count: 16_000), on: streamID, endStream: true))
      _ = try peer.takeFrames()
      #expect(peer.session.wantsRead, "no flow-control error at stream \(streamID)")
    }
  }

  @Test func `bytes stay until their events are handled`() throws {
    let session = try HTTP2Session()
    let script = Frame.preface + Frame.settings().bytes + Frame.headers(requestFields, on: 1).bytes
    try session.receive(script.span)
    try session.receive(Frame.data([1, 2], on: 1).bytes.span)
    try session.receive(Frame.data([3], on: 1).bytes.span)
    var found: [UInt8] = []
    while let event = session.nextEvent() {
      guard case .data(1, let bytes) = event else { continue }
      found += session.withBytes(of: bytes) { span in span.indices.map { span[$0] } }
    }
    #expect(found == [1, 2, 3])
  }

  @Test func `what a closed stream leaves unconsumed goes back to the connection`() throws {
    var limits = HTTP2Limits()
    limits.connectionWindowBytes = 65_535
    let peer = try ScriptedPeer(limits: limits)
    var returned: UInt32 = 0
    for round in 0..<20 {
      let streamID = Int32(1 + 2 * round)
      try peer.send(.headers(requestFields, on: streamID))
      try peer.send(.data([UInt8](repeating: 0, count: 16_000), on: streamID))
      try peer.send(.reset(streamID, code: HTTP2ErrorCode.cancel.rawValue))
      returned += try peer.takeFrames().filter { $0.kind == .windowUpdate && $0.streamID == 0 }
        .reduce(0) { $0 + UInt32($1.payload) }
      #expect(peer.session.wantsRead)
    }
    #expect(returned > 16_000 * 17)
  }
}

private func body(in seen: [Seen], of streamID: Int32) -> [UInt8] {
  seen.flatMap { event -> [UInt8] in
    if case .data(streamID, let bytes) = event { return bytes }
    return []
  }
}
