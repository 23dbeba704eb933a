// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import NIOCore
import NIOEmbedded
import Testing

@testable import GatewayClient

/// A client's handler in a channel without a socket, and the server's end of the engine behind it.
private final class Stage {
  let channel = EmbeddedChannel()
  let handler: ClientHandler
  let server: HTTP2Session
  private(set) var paths: [Int32: String] = [:]
  private(set) var resets: [Int32: HTTP2ErrorCode] = [:]

  init() throws {
    self.server = try HTTP2Session()
    self.handler = ClientHandler(
      session: try HTTP2ClientSession(),
      head: RequestHeadTemplate(isSecure: false, authority: "h:1", userAgent: "test"),
      loop: self.channel.eventLoop)
    try self.channel.pipeline.syncOperations.addHandler(self.handler)
    try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  /// Lets both ends hear each other until they have nothing to say.
  func exchange() throws {
    var isSilent = false
    while !isSilent {
      isSilent = true
      while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
        isSilent = false
        try self.server.receive(buffer.readableBytesUInt8Span)
        while let event = self.server.nextEvent() { self.note(event) }
      }
      var answer: [UInt8] = []
      _ = try self.server.drainOutbound { bytes in
        for index in bytes.indices { answer.append(bytes[index]) }
      }
      guard !answer.isEmpty else { continue }
      isSilent = false
      try self.channel.writeInbound(ByteBuffer(bytes: answer))
    }
  }

  private func note(_ event: HTTP2Event) {
    switch event {
    case .requestHeaders(let id, let fields, _):
      for position in 0..<fields.count where fields.isNamed(":path", at: position) {
        self.paths[id] = String(decoding: fields.value(at: position), as: UTF8.self)
      }
    case .streamClosed(let id, let code): self.resets[id] = code
    default: break
    }
  }

  func begin(_ streamID: Int32) {
    _ = self.server.beginResponse(Self.head, on: streamID)
  }

  /// Trailers-Only in all but the end of the stream.
  func beginWithStatus(_ streamID: Int32) {
    var head = Self.head
    head.append("grpc-status", "7")
    _ = self.server.beginResponse(head, on: streamID)
  }

  func push(_ message: [UInt8], on streamID: Int32) {
    _ = self.server.push([0] + UInt32(message.count).bigEndian4 + message, on: streamID)
  }

  func end(_ streamID: Int32, _ code: StaticString = "0") {
    var trailers = HeaderFields()
    trailers.append("grpc-status", code)
    _ = self.server.endResponse(with: trailers, on: streamID)
  }

  static var head: HeaderFields {
    var head = HeaderFields()
    head.append(":status", "200")
    head.append("content-type", "application/grpc")
    return head
  }

  /// What is there to be taken, without waiting.
  func next(_ call: ClientCall) async -> Result<ResponsePart, CallFailure> {
    await withCheckedContinuation { call.next($0) }
  }
}

extension UInt32 {
  fileprivate var bigEndian4: [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) }
  }
}

@Suite struct ClientHandlerTests {
  private static func options(_ timeout: Duration = .seconds(5)) -> RequestOptions {
    var options = RequestOptions()
    options.timeout = timeout
    options.metadata = [("x-mine", "1"), ("not valid", "2")]
    return options
  }

  @Test func `a call is asked and answered`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [1, 2], Self.options())
    try stage.exchange()
    #expect(stage.paths == [1: "/s/M"])
    stage.begin(1)
    stage.push([7], on: 1)
    stage.end(1)
    try stage.exchange()
    #expect(await stage.next(call) == .success(.head(ResponseMetadata(Stage.head))))
    #expect(await stage.next(call) == .success(.message([7])))
    let end = await stage.next(call)
    guard case .success(.end(let told)) = end else { return #expect(Bool(false), "\(end)") }
    #expect(told.status == .ok)
    // Whoever asks again hears the same.
    #expect(await stage.next(call) == end)
  }

  @Test func `a refusal fails the call after what came before it`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.begin(1)
    stage.push([7], on: 1)
    stage.end(1, "14")
    try stage.exchange()
    _ = await stage.next(call)
    #expect(await stage.next(call) == .success(.message([7])))
    guard case .failure(.refused(let end)) = await stage.next(call) else {
      return #expect(Bool(false))
    }
    #expect(end.status.code == .unavailable)
  }

  @Test func `a deadline ends the call and tells the server`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options(.milliseconds(50)))
    try stage.exchange()
    stage.channel.embeddedEventLoop.advanceTime(by: .milliseconds(49))
    #expect(!call.isOver)
    stage.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(await stage.next(call) == .failure(.deadlineExceeded))
    try stage.exchange()
    #expect(stage.resets == [1: .cancel])
    // An answer that was on its way changes nothing.
    stage.end(1)
    try stage.exchange()
    #expect(await stage.next(call) == .failure(.deadlineExceeded))
  }

  @Test func `nothing more is wanted behind a status`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.beginWithStatus(1)
    try stage.exchange()
    guard case .failure(.refused(let end)) = await stage.next(call) else {
      return #expect(Bool(false))
    }
    #expect(end.status.code == .permissionDenied)
    #expect(stage.resets == [1: .cancel])
  }

  @Test func `the rest of a request that was answered early is not sent`() async throws {
    let stage = try Stage()
    // More than the server's window.
    let call = stage.handler.open(
      "/s/M", [UInt8](repeating: 1, count: 1_000_000), Self.options())
    try stage.exchange()
    stage.begin(1)
    stage.end(1, "8")
    try stage.exchange()
    _ = await stage.next(call)
    guard case .failure(.refused) = await stage.next(call) else { return #expect(Bool(false)) }
    #expect(stage.resets[1] != nil)
  }

  @Test func `what nobody takes makes the server wait`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.begin(1)
    let message = [UInt8](repeating: 3, count: 100_000)
    for _ in 0..<5 { stage.push(message, on: 1) }
    try stage.exchange()
    // 256 KiB of window, less than 500,000 bytes.
    #expect(stage.server.unsentBytes > 200_000)
    _ = await stage.next(call)
    for _ in 0..<5 {
      #expect(await stage.next(call) == .success(.message(message)))
      stage.handler.taken(call)
      try stage.exchange()
    }
    #expect(stage.server.unsentBytes == 0 && call.withheldBytes == 0)
  }

  @Test func `a message larger than the window arrives`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.begin(1)
    let message = [UInt8](repeating: 3, count: 1_000_000)
    stage.push(message, on: 1)
    stage.end(1)
    // The head is taken, so that nothing waits before the message is whole.
    try stage.exchange()
    _ = await stage.next(call)
    stage.handler.taken(call)
    try stage.exchange()
    #expect(await stage.next(call) == .success(.message(message)))
  }

  @Test func `a lost connection fails all calls, and those to come`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.channel.pipeline.fireChannelInactive()
    let failure = CallFailure.connectionEnded("the gateway closed the connection")
    #expect(await stage.next(call) == .failure(failure))
    let later = stage.handler.open("/s/M", [], Self.options())
    #expect(await stage.next(later) == .failure(failure))
  }

  @Test func `a server that drains takes no more and finishes what runs`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.server.finishShutdown()
    try stage.exchange()
    let later = stage.handler.open("/s/M", [], Self.options())
    #expect(await stage.next(later) == .failure(.notTaken))
    stage.begin(1)
    stage.push([7], on: 1)
    stage.end(1)
    try stage.exchange()
    _ = await stage.next(call)
    #expect(await stage.next(call) == .success(.message([7])))
    // With the last call the connection is over, by nobody's fault.
    let last = stage.handler.open("/s/M", [], Self.options())
    #expect(await stage.next(last) == .failure(.notTaken))
  }

  @Test func `what speaks no HTTP 2 is said to`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    _ = try? stage.channel.writeInbound(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"))
    guard case .failure(.connectionEnded) = await stage.next(call) else {
      return #expect(Bool(false))
    }
  }

  @Test func `to close fails what is open`() async throws {
    let stage = try Stage()
    let call = stage.handler.open("/s/M", [], Self.options())
    try stage.exchange()
    stage.handler.close()
    #expect(await stage.next(call) == .failure(.notTaken))
  }
}
