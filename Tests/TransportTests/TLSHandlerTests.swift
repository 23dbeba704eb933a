// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import NIOCore
import NIOEmbedded
import Testing
import Transport

@Suite struct TLSHandlerTests {
  private let fixture: SecureFixture

  init() throws {
    self.fixture = try SecureFixture(applicationProtocols: ["http/1.1"])
  }

  private func connected() throws -> SecureChannels {
    let channels = try SecureChannels(self.fixture)
    try channels.exchange()
    try #require(channels.client.recorder.established != nil)
    return channels
  }

  /// The failure that a future ended with; nil if it has not failed.
  private func failure<Value>(_ future: EventLoopFuture<Value>) -> (any Error)? {
    var failure: (any Error)?
    future.assumeIsolated().whenFailure { failure = $0 }
    return failure
  }

  // MARK: - Handshake

  @Test func `the two agree and the handlers behind hear of it first`() throws {
    let channels = try self.connected()
    let established = try #require(channels.client.recorder.established)
    #expect(established.handshake.applicationProtocol == "http/1.1")
    #expect(try channels.client.handler.established.wait() == established)
    #expect(
      try channels.server.handler.established.wait().handshake == established.handshake)
    _ = channels.client.write("hello")
    try channels.exchange()
    #expect(channels.server.recorder.text == "hello")
    #expect(channels.server.recorder.notes == ["active", "established", "read"])
  }

  @Test func `a handler that comes into a channel that is up begins at once`() throws {
    let channel = EmbeddedChannel()
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let handler = TLSHandler(client: try self.fixture.endpoint(), on: channel.embeddedEventLoop)
    try channel.pipeline.syncOperations.addHandler(handler)
    let hello = try #require(try channel.readOutbound(as: ByteBuffer.self))
    #expect(hello.getInteger(at: 0, as: UInt8.self) == 22)
    _ = try channel.finish(acceptAlreadyClosed: true)
  }

  @Test func `what is written early goes out after the handshake, in its order`() throws {
    let channels = try SecureChannels(self.fixture)
    let first = channels.client.write("one ")
    let second = channels.client.write("two")
    let last = channels.client.channel.write(ByteBuffer(string: " three"))
    try channels.exchange()
    #expect(channels.server.recorder.text == "one two")
    try first.wait()
    try second.wait()
    channels.client.channel.flush()
    try channels.exchange()
    #expect(channels.server.recorder.text == "one two three")
    try last.wait()
  }

  @Test func `more than may wait for the handshake is a failure`() throws {
    let channels = try SecureChannels(self.fixture, maxHeldBytes: 10)
    let fits = channels.client.write("0123456789")
    #expect(channels.client.channel.isActive)
    let tooMuch = channels.client.write("x")
    #expect(!channels.client.channel.isActive)
    for write in [fits, tooMuch] {
      #expect(self.failure(write) as? TLSFailure == .tooMuchHeld(limit: 10))
    }
  }

  @Test func `a handshake that does not end is ended`() throws {
    let side = try SecureSide { loop in
      TLSHandler(server: self.fixture.server, on: loop, handshakeTimeout: .seconds(3))
    }
    side.channel.embeddedEventLoop.advanceTime(by: .milliseconds(2_999))
    #expect(side.channel.isActive)
    side.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!side.channel.isActive)
    let failure = TLSFailure.handshakeTimedOut(.seconds(3))
    #expect(self.failure(side.handler.established) as? TLSFailure == failure)
    #expect(side.recorder.notes == ["active", "\(failure)", "inactive"])
    #expect(failure.words == "TLS handshake timed out after 3.0 seconds")
  }

  @Test func `a handshake that is done is not timed out`() throws {
    let channels = try self.connected()
    for side in [channels.client, channels.server] {
      side.channel.embeddedEventLoop.advanceTime(by: .hours(1))
      #expect(side.channel.isActive)
    }
  }

  @Test func `a wrong name fails both sides, and the server learns why`() throws {
    let channels = try SecureChannels(self.fixture, host: "b.example.com")
    let write = channels.client.write("secret")
    try channels.exchange()
    guard
      case .engine(.certificateRejected(let rejection))? =
        self.failure(channels.client.handler.established) as? TLSFailure
    else {
      Issue.record("\(channels.client.recorder.notes)")
      return
    }
    #expect(rejection.isNameMismatch)
    #expect(self.failure(write) != nil)
    #expect(!channels.client.channel.isActive)
    #expect(!channels.server.channel.isActive)
    #expect(channels.server.recorder.text == "")
    #expect(
      self.failure(channels.server.handler.established) as? TLSFailure
        == .engine(.alertReceived(.badCertificate)))
  }

  @Test func `a peer that hangs up within the handshake is told apart`() throws {
    let channels = try SecureChannels(self.fixture)
    try channels.client.hangUp()
    #expect(
      self.failure(channels.client.handler.established) as? TLSFailure == .closedDuringHandshake)
    #expect(
      channels.client.recorder.notes == [
        "active", "\(TLSFailure.closedDuringHandshake)", "inactive",
      ])
  }

  @Test func `the socket's own failure is what the handshake ends with`() throws {
    let channels = try SecureChannels(self.fixture)
    let reset = IOError(errnoCode: 104, reason: "read")
    channels.client.channel.pipeline.fireErrorCaught(reset)
    #expect((self.failure(channels.client.handler.established) as? IOError)?.errnoCode == 104)
  }

  @Test func `who closes while shaking hands ends it`() throws {
    let channels = try SecureChannels(self.fixture)
    let write = channels.client.write("x")
    try channels.client.channel.close().wait()
    #expect(
      self.failure(channels.client.handler.established) as? ChannelError == .ioOnClosedChannel)
    #expect(self.failure(write) as? ChannelError == .ioOnClosedChannel)
    #expect(channels.client.recorder.notes == ["active", "inactive"])
  }

  @Test func `a handler that never came into a channel still ends its promise`() throws {
    let loop = EmbeddedEventLoop()
    var handler: TLSHandler? = TLSHandler(client: try self.fixture.endpoint(), on: loop)
    let established = try #require(handler?.established)
    handler = nil
    #expect(self.failure(established) as? TLSFailure == .closedDuringHandshake)
  }

  // MARK: - Data

  @Test func `one flush is one write, however many records`() throws {
    let channels = try self.connected()
    let before = channels.client.probe.writes
    let large = String(repeating: "x", count: 300_000)
    let first = channels.client.channel.write(ByteBuffer(string: large))
    let second = channels.client.channel.write(ByteBuffer(string: "end"))
    let empty = channels.client.write("")
    #expect(channels.client.probe.writes == before + 1)
    for write in [first, second, empty] { try write.wait() }
    try channels.exchange()
    #expect(channels.server.recorder.text == large + "end")
  }

  @Test func `a write that the socket refuses fails for all that were in it`() throws {
    let channels = try self.connected()
    struct Refusal: Error {}
    final class Wall: ChannelOutboundHandler {
      typealias OutboundIn = ByteBuffer
      func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        promise?.fail(Refusal())
      }
    }
    try channels.client.channel.pipeline.syncOperations.addHandler(Wall(), position: .first)
    let first = channels.client.channel.write(ByteBuffer(string: "a"))
    let second = channels.client.write("b")
    #expect(self.failure(first) is Refusal)
    #expect(self.failure(second) is Refusal)
  }

  @Test func `good bytes before bad ones still arrive`() throws {
    let channels = try self.connected()
    _ = channels.server.write("good")
    var bytes = try channels.server.takeOutbound()
    bytes.writeBytes([23, 3, 3, 0, 17] + [UInt8](repeating: 0, count: 17))
    try SecureChannels.deliver(bytes, to: channels.client)
    #expect(channels.client.recorder.text == "good")
    #expect(!channels.client.channel.isActive)
    // The server hears that its record was bad.
    try channels.exchange()
    #expect(
      channels.server.recorder.notes.contains(
        "\(TLSFailure.engine(.alertReceived(TLSAlert(code: 20))))"))
  }

  @Test func `a failure right behind the handshake is the handshake's failure`() throws {
    let channels = try SecureChannels(self.fixture)
    let write = channels.client.write("secret")
    try SecureChannels.deliver(channels.client.takeOutbound(), to: channels.server)
    var flight = try channels.server.takeOutbound()
    flight.writeBytes([23, 3, 3, 0, 17] + [UInt8](repeating: 0, count: 17))
    try SecureChannels.deliver(flight, to: channels.client)
    for failure in [self.failure(channels.client.handler.established), self.failure(write)] {
      guard case .engine(.protocolViolation)? = failure as? TLSFailure else {
        Issue.record("\(String(describing: failure))")
        continue
      }
    }
    #expect(channels.client.recorder.established == nil)
  }

  @Test func `nothing is delivered to those who have closed`() throws {
    let channels = try self.connected()
    _ = channels.server.write("too late")
    let bytes = try channels.server.takeOutbound()
    channels.client.recorder.onRead = { $0.close(promise: nil) }
    // Two reads in one turn: the first makes the handlers behind close.
    try SecureChannels.deliver(bytes, to: channels.client)
    channels.client.channel.pipeline.fireChannelRead(bytes)
    #expect(channels.client.recorder.text == "too late")
    #expect(channels.client.recorder.notes.suffix(2) == ["read", "inactive"])
  }

  // MARK: - Reading

  @Test func `bytes are asked for until there is plaintext`() throws {
    let channels = try self.connected()
    let side = channels.client
    side.channel.pipeline.read()
    let asked = side.probe.reads
    _ = channels.server.write("twenty bytes or more")
    var record = try channels.server.takeOutbound()
    let head = record.readSlice(length: 10)
    try SecureChannels.deliver(#require(head), to: side)
    // Half a record is not what was asked for, so the socket is asked again.
    #expect(side.probe.reads == asked + 1)
    try SecureChannels.deliver(record, to: side)
    #expect(side.recorder.text == "twenty bytes or more")
    #expect(side.probe.reads == asked + 1)
  }

  @Test func `the handshake reads by itself`() throws {
    let channels = try SecureChannels(self.fixture)
    #expect(channels.client.probe.reads == 1)
    #expect(channels.server.probe.reads == 1)
  }

  // MARK: - The end

  @Test func `a close says goodbye, and the other side hears a clean end`() throws {
    let channels = try self.connected()
    _ = channels.server.write("bye")
    try channels.server.channel.close().wait()
    try channels.exchange()
    #expect(channels.client.recorder.text == "bye")
    #expect(!channels.client.channel.isActive)
    #expect(channels.client.recorder.notes.last == "inactive")
    #expect(!channels.client.recorder.notes.contains("\(TLSFailure.truncated)"))
  }

  @Test func `an end without a goodbye is a truncation`() throws {
    let channels = try self.connected()
    try channels.client.hangUp()
    #expect(channels.client.recorder.notes.suffix(2) == ["\(TLSFailure.truncated)", "inactive"])
  }

  @Test func `where half-closing is allowed a goodbye closes the input only`() throws {
    let channels = try self.connected()
    let client = channels.client
    client.channel.allowRemoteHalfClosure = true
    try channels.server.channel.close(mode: .output).wait()
    #expect(channels.server.probe.closes == [.output])
    try channels.exchange()
    #expect(client.recorder.notes.last == "input closed")
    #expect(client.channel.isActive)
    // More bytes behind it, or the socket's own end, are no news then.
    try client.channel.writeInbound(ByteBuffer(bytes: [23, 3, 3, 0, 1, 0]))
    client.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(client.recorder.notes.filter { $0 == "input closed" }.count == 1)
    try client.write("one more thing").wait()
    try channels.exchange()
    #expect(channels.server.recorder.text == "one more thing")
  }

  @Test func `the input's end without a goodbye is a truncation, half-closed or not`() throws {
    let channels = try self.connected()
    channels.client.channel.allowRemoteHalfClosure = true
    channels.client.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(channels.client.recorder.notes.contains("\(TLSFailure.truncated)"))
    #expect(!channels.client.channel.isActive)
  }

  @Test func `closing the output sends what was flushed and nothing after it`() throws {
    let channels = try self.connected()
    let flushed = channels.client.write("flushed")
    let unflushed = channels.client.channel.write(ByteBuffer(string: "not flushed"))
    try channels.client.channel.close(mode: .output).wait()
    try flushed.wait()
    #expect(self.failure(unflushed) as? ChannelError == .outputClosed)
    let late = channels.client.write("late")
    #expect(self.failure(late) as? ChannelError == .outputClosed)
    try channels.exchange()
    #expect(channels.server.recorder.text == "flushed")
    // The server's channel closes, as one without TLS would on the end of input.
    #expect(channels.server.recorder.notes.last == "inactive")
  }

  @Test func `nothing can be written to a channel that has ended`() throws {
    let channels = try self.connected()
    try channels.client.channel.close().wait()
    #expect(self.failure(channels.client.write("x")) as? ChannelError == .ioOnClosedChannel)
  }

  @Test(arguments: [
    (TLSFailure.truncated, "TLS: peer closed the connection without close_notify"),
    (.tooMuchHeld(limit: 7), "TLS: more than 7 bytes wait for the handshake"),
    (.engine(.notTLS(.http)), "TLS: peer speaks plain HTTP on this port, not TLS"),
  ])
  func `a failure is told in an operator's words`(failure: TLSFailure, words: String) {
    #expect(failure.words == words)
  }
}
