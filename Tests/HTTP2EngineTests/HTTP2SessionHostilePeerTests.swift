// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

/// Peers that break rules, or keep them and mean harm.
@Suite struct HTTP2SessionHostilePeerTests {
  @Test(arguments: [
    "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX", "\0",
    "\u{16}\u{3}\u{1}",
  ])
  func `what is not HTTP/2 is refused at its first wrong byte`(text: String) throws {
    let peer = try ScriptedPeer(handshake: false)
    #expect(throws: HTTP2SessionError.notHTTP2) { try peer.send(Array(text.utf8)) }
    #expect(!peer.session.wantsRead)
    #expect(throws: HTTP2SessionError.alreadyFailed) { try peer.send(Frame.preface) }
    _ = try peer.takeFrames()
    #expect(peer.session.isFinished)
  }

  @Test func `a preface without SETTINGS ends the connection`() throws {
    let peer = try ScriptedPeer(handshake: false)
    try peer.send(Frame.preface + Frame.ping([0, 0, 0, 0, 0, 0, 0, 0]).bytes)
    #expect(try goAwayCode(in: peer.takeFrames()) == .protocolError)
    #expect(peer.session.isFinished)
  }

  @Test(arguments: [
    [(":method", "CONNECT"), (":authority", "localhost:80"), (":path", "/")],
    [(":method", "POST"), (":scheme", "http"), (":authority", "localhost")],
    [(":scheme", "http"), (":path", "/"), (":authority", "localhost")],
    [(":method", "POST"), (":path", "/"), (":authority", "localhost")],
    [(":method", "POST"), (":scheme", "http"), (":path", ""), (":authority", "localhost")],
    requestFields + [(":status", "200")],
    requestFields + [(":path", "/late")],
    requestFields + [("Upper", "case")],
    requestFields + [("connection", "close")],
    requestFields + [("transfer-encoding", "chunked")],
    [requestFields[0]] + requestFields,
  ])
  func `malformed requests are reset and never seen`(fields: [(String, String)]) throws {
    let peer = try ScriptedPeer()
    try peer.send(.headers(fields, on: 1, endStream: true))
    #expect(peer.takeSeen() == [])
    #expect(try peer.takeFrames() == [.reset(1, code: HTTP2ErrorCode.protocolError.rawValue)])
    try peer.send(.headers(requestFields, on: 3, endStream: true))
    #expect(peer.takeSeen() == [.headers(3, requestLines, endStream: true)])
  }

  @Test func `a body longer or shorter than it says is reset`() throws {
    for sent in [2, 4] {
      let peer = try ScriptedPeer()
      let bytes = [UInt8](repeating: 0, count: sent)
      try peer.send(
        .headers(requestFields + [("content-length", "3")], on: 1),
        .data(bytes, on: 1, endStream: true))
      _ = try peer.takeFrames()
      #expect(peer.takeSeen().last == .closed(1, .protocolError))
    }
  }

  @Test func `header fields over the limit are told apart and the stream can be answered`() throws {
    var limits = HTTP2Limits()
    limits.maxHeaderListBytes = 1_000
    let peer = try ScriptedPeer(limits: limits)
    let large = ("x-large", String(repeating: "x", count: 900))
    try peer.send(.headers(requestFields + [large], on: 1, endStream: true))
    #expect(peer.takeSeen() == [.tooLarge(1, requestLines)])
    #expect(peer.session.submitResponse(.ok(), on: 1) == .queued)
    #expect(try peer.takeFrames().map(\.kind) == [.headers])

    // The next request has the whole allowance again.
    try peer.send(.headers(requestFields, on: 3, endStream: true))
    #expect(peer.takeSeen().last == .headers(3, requestLines, endStream: true))
  }

  @Test func `the list limit counts 32 bytes a field, to the byte`() throws {
    let fields = requestFields + [("x", String(repeating: "y", count: 100))]
    var limits = HTTP2Limits()
    limits.maxHeaderListBytes = fields.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count + 32 }
    for (extra, fits) in [(0, true), (1, false)] {
      let peer = try ScriptedPeer(limits: limits)
      let longer = requestFields + [("x", String(repeating: "y", count: 100 + extra))]
      try peer.send(.headers(longer, on: 1, endStream: true))
      guard case .headers? = peer.takeSeen().last else {
        #expect(!fits)
        continue
      }
      #expect(fits)
    }
  }

  @Test func `too many small fields are too large as well`() throws {
    let peer = try ScriptedPeer()
    let many = requestFields + (0..<200).map { _ in ("a", "") }
    try peer.send(.headers(many, on: 1, endStream: true))
    guard case .tooLarge(1, let kept)? = peer.takeSeen().last else {
      Issue.record("taken")
      return
    }
    #expect(kept.count == HTTP2Limits().maxHeaderFields)
  }

  @Test func `streams beyond the limit are refused and the others live`() throws {
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = 2
    let peer = try ScriptedPeer(limits: limits, handshake: false)
    try peer.send(Frame.preface + Frame.settings().bytes)
    for streamID in [Int32(1), 3, 5] { try peer.send(.headers(requestFields, on: streamID)) }
    #expect(peer.session.openStreamCount == 2)
    let resets = try peer.takeFrames().filter { $0.kind == .resetStream }
    #expect(resets == [.reset(5, code: HTTP2ErrorCode.refusedStream.rawValue)])

    // Once a place is free, the next stream is served.
    try peer.send(.reset(1, code: 8), .headers(requestFields, on: 7))
    #expect(peer.takeSeen().last == .headers(7, requestLines, endStream: false))

    // A client that goes on although it has acknowledged the limit breaks the connection.
    try peer.send(.settingsAck, .headers(requestFields, on: 9))
    #expect(try goAwayCode(in: peer.takeFrames()) == .protocolError)
  }
}

// MARK: - Floods

@Suite struct HTTP2SessionFloodTests {
  @Test func `rapid resets end the connection`() throws {
    var limits = HTTP2Limits()
    limits.streamResetBurst = 50
    limits.streamResetsPerSecond = 1
    let peer = try ScriptedPeer(limits: limits)
    var streams: Int32 = 0
    var code: HTTP2ErrorCode?
    while peer.session.wantsRead, streams < 1_000 {
      let streamID = streams * 2 + 1
      try peer.send(.headers(requestFields, on: streamID), .reset(streamID, code: 8))
      code = try goAwayCode(in: peer.takeFrames())
      streams += 1
    }
    // A machine that is very slow earns a token or two back meanwhile.
    #expect((51...60).contains(streams))
    #expect(code == .internalError, "what libnghttp2 says")
    #expect(peer.session.isFinished)
    #expect(peer.session.openStreamCount == 0)
  }

  @Test func `endless CONTINUATION ends the connection`() throws {
    let peer = try ScriptedPeer()
    var first = Frame.headers(requestFields, on: 1)
    first.flags = 0
    try peer.send(first)
    #expect(throws: HTTP2SessionError.flooded) {
      for _ in 0..<100 { try peer.send(.continuation([], on: 1, last: false)) }
    }
    #expect(try goAwayCode(in: peer.takeFrames()) == .enhanceYourCalm)
    #expect(peer.session.isFinished)
    #expect(peer.takeSeen() == [])
  }

  @Test func `headers in several CONTINUATION frames are one request`() throws {
    let peer = try ScriptedPeer()
    var first = Frame.headers(Array(requestFields.prefix(2)), on: 1, endStream: true)
    first.flags = Frame.endStream
    try peer.send(
      first, .continuation(Frame.literals([requestFields[2]]), on: 1, last: false),
      .continuation(Frame.literals(Array(requestFields.dropFirst(3))), on: 1, last: true))
    #expect(peer.takeSeen() == [.headers(1, requestLines, endStream: true)])
  }

  @Test func `a header list far over the limit ends the connection before its end`() throws {
    var limits = HTTP2Limits()
    limits.maxHeaderListBytes = 1_000
    let peer = try ScriptedPeer(limits: limits)
    let kept = ("x-bomb", String(repeating: "b", count: 468))
    let list = requestFields + Array(repeating: kept, count: 33)
    #expect(throws: HTTP2SessionError.violated(.enhanceYourCalm)) {
      try peer.send(.headers(list, on: 1, endStream: true))
    }
    #expect(try goAwayCode(in: peer.takeFrames()) == .enhanceYourCalm)
    #expect(peer.session.isFinished)
    #expect(peer.takeSeen() == [])
  }

  @Test func `PING that is never read ends the connection`() throws {
    var limits = HTTP2Limits()
    limits.maxQueuedAcknowledgements = 20
    let peer = try ScriptedPeer(limits: limits)
    #expect(throws: HTTP2SessionError.flooded) {
      for _ in 0..<100 { try peer.send(.ping([0, 0, 0, 0, 0, 0, 0, 0])) }
    }
    #expect(try goAwayCode(in: peer.takeFrames()) == .enhanceYourCalm)
  }

  @Test func `a SETTINGS frame of many entries ends the connection`() throws {
    let peer = try ScriptedPeer()
    try peer.send(.settings((0..<100).map { _ in (id: 4, value: 1_000) }))
    #expect(try goAwayCode(in: peer.takeFrames()) != nil)
    #expect(peer.session.isFinished)
  }

  @Test func `answers that pile up unread end the connection`() throws {
    var limits = HTTP2Limits()
    limits.maxQueuedFrames = 50
    limits.maxConcurrentStreams = 1
    let peer = try ScriptedPeer(limits: limits, handshake: false)
    try peer.send(Frame.preface + Frame.settings().bytes)
    #expect(throws: HTTP2SessionError.flooded) {
      for number in 0..<200 { try peer.send(.headers(requestFields, on: Int32(number * 2 + 1))) }
    }
    #expect(try goAwayCode(in: peer.takeFrames()) == .enhanceYourCalm)
  }

  @Test func `faults without end are not forgiven`() throws {
    var limits = HTTP2Limits()
    limits.maxPeerFaults = 20
    let peer = try ScriptedPeer(limits: limits)
    var streams: Int32 = 0
    while peer.session.wantsRead, streams < 1_000 {
      try peer.send(.headers([(":method", "POST")], on: streams * 2 + 1, endStream: true))
      _ = try peer.takeFrames()
      streams += 1
    }
    #expect(streams == 21)
    #expect(peer.session.isFinished)
  }

  @Test func `one good call pays for one fault`() throws {
    var limits = HTTP2Limits()
    limits.maxPeerFaults = 10
    let peer = try ScriptedPeer(limits: limits)
    var rounds: Int32 = 0
    while peer.session.wantsRead, rounds < 1_000 {
      let streamID = rounds * 6 + 1
      try peer.send(
        .headers([(":method", "POST")], on: streamID, endStream: true),
        .headers([(":method", "POST")], on: streamID + 2, endStream: true),
        .headers(requestFields, on: streamID + 4, endStream: true))
      _ = peer.session.submitResponse(.grpcOK, on: streamID + 4)
      _ = try peer.takeFrames()
      rounds += 1
    }
    #expect(rounds == 10)
  }

  @Test func `a burst of streams beyond the limit is no fault`() throws {
    var limits = HTTP2Limits()
    limits.maxPeerFaults = 10
    limits.maxConcurrentStreams = 1
    let peer = try ScriptedPeer(limits: limits, handshake: false)
    try peer.send(Frame.preface + Frame.settings().bytes)
    for number in 0..<50 { try peer.send(.headers(requestFields, on: Int32(number * 2 + 1))) }
    #expect(peer.session.wantsRead)
    #expect(try peer.takeFrames().filter { $0.kind == .resetStream }.count == 49)
  }

  @Test func `a fault now and then is forgiven after good calls`() throws {
    var limits = HTTP2Limits()
    limits.maxPeerFaults = 2
    let peer = try ScriptedPeer(limits: limits)
    for number in 0..<100 {
      let streamID = Int32(number * 4 + 1)
      try peer.send(
        .headers([(":method", "POST")], on: streamID, endStream: true),
        .headers(requestFields, on: streamID + 2, endStream: true))
      #expect(peer.session.submitResponse(.grpcOK, on: streamID + 2) == .queued)
      _ = try peer.takeFrames()
    }
    #expect(peer.session.wantsRead)
  }
}

private func goAwayCode(in frames: [Frame]) -> HTTP2ErrorCode? {
  frames.last { $0.kind == .goAway }
    .map { HTTP2ErrorCode(rawValue: UInt32($0.payload.dropFirst(4).prefix(4))) }
}
