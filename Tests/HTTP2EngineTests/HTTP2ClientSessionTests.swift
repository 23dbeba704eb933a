// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

@Suite struct HTTP2ClientSessionTests {
  private static let head = [(":status", "200"), ("content-type", "application/grpc")]
  private static let headLines = [":status: 200", "content-type: application/grpc"]

  // MARK: Outbound

  @Test func `the preface refuses pushes and a request follows it at once`() throws {
    let session = try HTTP2ClientSession()
    #expect(session.submitRequest(.grpcRequest, body: [7, 8]) == .queued(streamID: 1))
    var written: [UInt8] = []
    _ = try session.drainOutbound { bytes in
      for index in bytes.indices { written.append(bytes[index]) }
    }
    #expect(written.starts(with: Frame.preface))
    let frames = Frame.read(Array(written.dropFirst(Frame.preface.count)))
    #expect(frames.map(\.kind) == [.settings, .windowUpdate, .headers, .data])
    // SETTINGS_ENABLE_PUSH (2) is 0.
    #expect(frames[0].payload.starts(with: [0, 2, 0, 0, 0, 0]))
    #expect(HeaderInflater()?.inflate(frames[2].payload) == requestLines)
    #expect(frames[3].payload == [7, 8] && frames[3].endsStream)
    #expect(session.openRequestCount == 1 && session.isOpen(1) && !session.isOpen(3))
  }

  @Test func `a request without a body ends with its headers`() throws {
    let server = try ScriptedServer()
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .queued(streamID: 1))
    let frames = try server.takeFrames()
    #expect(frames.map(\.kind) == [.headers] && frames[0].endsStream)
  }

  @Test func `a body waits for the server's window`() throws {
    // SETTINGS_INITIAL_WINDOW_SIZE is 4.
    let server = try ScriptedServer(settings: [(4, 5)])
    _ = server.session.submitRequest(.grpcRequest, body: [1, 2, 3, 4, 5, 6, 7])
    #expect(try server.takeFrames().last?.payload == [1, 2, 3, 4, 5])
    try server.send(Frame.windowUpdate(100, on: 1))
    let rest = try server.takeFrames()
    #expect(rest.map(\.payload) == [[6, 7]] && rest[0].endsStream)
  }

  @Test func `requests wait for the streams that the server allows`() throws {
    // SETTINGS_MAX_CONCURRENT_STREAMS is 3.
    let server = try ScriptedServer(settings: [(3, 1)])
    #expect(try server.request() == 1)
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .queued(streamID: 3))
    #expect(try server.takeFrames().isEmpty)
    try server.send(Frame.headers(Self.head, on: 1, endStream: true))
    #expect(try server.takeFrames().map(\.streamID) == [3])
  }

  @Test func `no more requests are open than the limit says`() throws {
    var limits = HTTP2ClientLimits()
    limits.maxOpenRequests = 2
    let server = try ScriptedServer(limits: limits)
    #expect(try (server.request(), server.request()) == (1, 3))
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .tooMany)
    try server.send(Frame.reset(1, code: 8))
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .queued(streamID: 5))
  }

  // MARK: Inbound

  @Test func `a response comes as headers, body and trailers, and closes`() throws {
    let server = try ScriptedServer()
    let id = try server.request()
    try server.send(
      Frame.headers(Self.head, on: id), Frame.data([1, 2], on: id),
      Frame.headers([("grpc-status", "0")], on: id, endStream: true))
    #expect(
      server.takeSeen() == [
        .headers(id, Self.headLines), .data(id, [1, 2]), .trailers(id, ["grpc-status: 0"]),
        .ended(id), .closed(id, .noError),
      ])
    #expect(server.session.openRequestCount == 0)
  }

  @Test func `every split of a response tells the same`() throws {
    let bytes =
      [
        Frame.headers(Self.head, on: 1), Frame.data([1, 2], on: 1),
        Frame.headers([("grpc-status", "0")], on: 1, endStream: true),
      ].flatMap(\.bytes)
    for cut in 1..<bytes.count {
      let server = try ScriptedServer()
      _ = try server.request()
      try server.send(Array(bytes[..<cut]))
      try server.send(Array(bytes[cut...]))
      let seen = server.takeSeen()
      let data = seen.reduce(into: [UInt8]()) { all, event in
        if case .data(_, let bytes) = event { all += bytes }
      }
      #expect(seen.first == .headers(1, Self.headLines) && data == [1, 2], "cut at \(cut)")
      #expect(Array(seen.suffix(2)) == [.ended(1), .closed(1, .noError)], "cut at \(cut)")
    }
  }

  @Test func `interim responses are dropped`() throws {
    let server = try ScriptedServer()
    let id = try server.request()
    try server.send(
      Frame.headers([(":status", "103"), ("link", "x")], on: id),
      Frame.headers(Self.head, on: id, endStream: true))
    #expect(
      server.takeSeen() == [.headers(id, Self.headLines), .ended(id), .closed(id, .noError)])
  }

  @Test func `what is not consumed is not asked for again`() throws {
    var limits = HTTP2ClientLimits()
    limits.streamWindowBytes = 16_384
    let server = try ScriptedServer(limits: limits)
    let id = try server.request()
    try server.send(
      Frame.headers(Self.head, on: id), Frame.data([UInt8](repeating: 1, count: 16_384), on: id))
    #expect(try server.takeFrames().isEmpty)
    server.session.consume(16_384, on: id)
    let updates = try server.takeFrames().filter { $0.kind == .windowUpdate }
    #expect(updates.contains { $0.streamID == id && $0.payload == UInt32(16_384).bigEndianBytes })
    // Counts beyond what came are cut.
    server.session.consume(1 << 20, on: id)
    #expect(try server.takeFrames().isEmpty)
  }

  @Test func `bytes of a stream that was reset go back to the connection`() throws {
    var limits = HTTP2ClientLimits()
    limits.connectionWindowBytes = 65_535
    let server = try ScriptedServer(limits: limits)
    let id = try server.request()
    try server.send(Frame.headers(Self.head, on: id))
    server.session.resetStream(id, code: .cancel)
    for _ in 0..<3 {
      try server.send(Frame.data([UInt8](repeating: 1, count: 16_384), on: id))
    }
    let frames = try server.takeFrames()
    #expect(frames.contains { $0.kind == .resetStream && $0.payload == [0, 0, 0, 8] })
    #expect(frames.contains { $0.kind == .windowUpdate && $0.streamID == 0 })
    #expect(server.takeSeen() == [.headers(id, Self.headLines), .closed(id, .cancel)])
    // A second reset says nothing new.
    server.session.resetStream(id, code: .cancel)
    #expect(try server.takeFrames().isEmpty)
  }

  // MARK: Hostile servers

  @Test func `a header list over the limit resets its stream alone`() throws {
    let server = try ScriptedServer()
    let (first, second) = try (server.request(), server.request())
    let long = (0..<8).map { ("x-\($0)", String(repeating: "v", count: 1_990)) }
    try server.send(
      Frame.headers(Self.head + long + [("x-last", String(repeating: "v", count: 300))], on: first))
    _ = try server.takeFrames()
    #expect(server.takeSeen() == [.closed(first, .internalError)])
    try server.send(Frame.headers(Self.head, on: second, endStream: true))
    #expect(server.takeSeen().last == .closed(second, .noError))
  }

  @Test func `a server that speaks HTTP 1 ends the connection`() throws {
    let session = try HTTP2ClientSession()
    _ = session.submitRequest(.grpcRequest, body: [])
    let answer = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
    try? session.receive(answer.span)
    _ = try? session.drainOutbound { _ in }
    #expect(session.isFinished && !session.takesRequests)
    #expect(session.submitRequest(.grpcRequest, body: []) == .connectionEnding)
  }

  @Test func `a pushed stream ends the connection`() throws {
    let server = try ScriptedServer()
    let id = try server.request()
    let promise = Frame(
      type: 5, flags: Frame.endHeaders, streamID: id,
      payload: UInt32(2).bigEndianBytes + Frame.literals(requestFields))
    try? server.send(promise)
    let frames = try server.takeFrames()
    #expect(frames.map(\.kind) == [.goAway] && server.session.isFinished)
  }

  @Test func `a flood of pings that nobody reads the answers of ends the connection`() throws {
    var limits = HTTP2ClientLimits()
    limits.maxQueuedAcknowledgements = 10
    let server = try ScriptedServer(limits: limits)
    let flood = (0..<20).flatMap { _ in Frame.ping([0, 1, 2, 3, 4, 5, 6, 7]).bytes }
    #expect(throws: HTTP2SessionError.flooded) { try server.send(flood) }
    #expect(throws: HTTP2SessionError.alreadyFailed) { try server.send(flood) }
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .connectionEnding)
  }

  @Test(arguments: 0..<200) func `what a server mangles never traps`(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let server = try ScriptedServer()
    let id = try server.request()
    var bytes =
      [
        Frame.headers(Self.head, on: id), Frame.data([1, 2, 3], on: id),
        Frame.ping([0, 0, 0, 0, 0, 0, 0, 0]),
        Frame.headers([("grpc-status", "0")], on: id, endStream: true), Frame.goAway(code: 0),
      ].flatMap(\.bytes)
    for _ in 0..<(1 + seed % 5) {
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    }
    try? server.send(bytes)
    _ = try? server.takeFrames()
    let closes = server.takeSeen().filter { if case .closed = $0 { true } else { false } }
    #expect(closes.count <= 1)
  }

  // MARK: The end

  @Test func `after a GOAWAY what is open goes on and nothing new begins`() throws {
    let server = try ScriptedServer()
    let (first, second) = try (server.request(), server.request())
    // The last stream it looked at is the first.
    try server.send(
      Frame(type: 7, payload: UInt32(first).bigEndianBytes + UInt32(0).bigEndianBytes))
    #expect(server.takeSeen() == [.goAway(.noError), .closed(second, .refusedStream)])
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .connectionEnding)
    #expect(!server.session.takesRequests && !server.session.isFinished)
    try server.send(Frame.headers(Self.head, on: first, endStream: true))
    _ = try server.takeFrames()
    #expect(server.takeSeen().last == .closed(first, .noError))
    #expect(server.session.isFinished)
  }

  @Test func `a request that was never sent before a GOAWAY is refused, not failed`() throws {
    let server = try ScriptedServer(settings: [(3, 1)])
    _ = try server.request()
    _ = server.session.submitRequest(.grpcRequest, body: [])
    try server.send(Frame(type: 7, payload: UInt32(1).bigEndianBytes + UInt32(0).bigEndianBytes))
    try server.send(Frame.headers(Self.head, on: 1, endStream: true))
    _ = try server.takeFrames()
    #expect(server.takeSeen().contains(.closed(3, .refusedStream)))
  }

  @Test func `to terminate says goodbye once and closes what is open`() throws {
    let server = try ScriptedServer()
    let id = try server.request()
    server.session.terminate()
    server.session.terminate()
    #expect(try server.takeFrames().map(\.kind) == [.goAway])
    #expect(server.session.isFinished)
    #expect(server.session.submitRequest(.grpcRequest, body: []) == .connectionEnding)
    _ = id
  }

  // MARK: Both ends of ours

  @Test func `a client's session and a server's understand each other`() throws {
    let client = try HTTP2ClientSession()
    let server = try HTTP2Session()
    let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    _ = client.submitRequest(.grpcRequest, body: body)
    var (received, answered): ([UInt8], [UInt8]) = ([], [])
    var isClosed = false
    while !isClosed {
      let asked = try Self.written(by: client)
      try server.receive(asked.span)
      while let event = server.nextEvent() {
        switch event {
        case .data(let id, let bytes):
          server.withBytes(of: bytes) { span in received += span.indices.map { span[$0] } }
          server.consume(bytes.count, on: id)
        case .requestEnded(let id): _ = server.submitResponse(.ok(received), on: id)
        default: break
        }
      }
      let told = try Self.written(by: server)
      try client.receive(told.span)
      while let event = client.nextEvent() {
        switch event {
        case .data(let id, let bytes):
          client.withBytes(of: bytes) { span in answered += span.indices.map { span[$0] } }
          client.consume(bytes.count, on: id)
        case .streamClosed(_, let code):
          #expect(code == .noError)
          isClosed = true
        default: break
        }
      }
    }
    #expect(received == body && answered == body)
  }

  private static func written(by session: HTTP2ClientSession) throws -> [UInt8] {
    var bytes: [UInt8] = []
    _ = try session.drainOutbound { span in
      for index in span.indices { bytes.append(span[index]) }
    }
    return bytes
  }

  private static func written(by session: HTTP2Session) throws -> [UInt8] {
    var bytes: [UInt8] = []
    _ = try session.drainOutbound { span in
      for index in span.indices { bytes.append(span[index]) }
    }
    return bytes
  }

  @Test func `fields with names made at run time are held to HTTP's rules`() {
    var fields = HeaderFields()
    let isTaken = [
      ("x-y", "v"), ("X", "v"), ("", "v"), (":path", "v"), ("a b", "v"), ("x", "a\r\nb"),
    ].map { fields.append(named: $0.0, text: $0.1) }
    #expect(isTaken == [true, false, false, false, false, false])
    #expect(fields.lines == ["x-y: v"])
  }
}
