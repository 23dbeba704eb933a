// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1
import RESTTestKit
import Synchronization
import Testing

@testable import RESTServer

struct HTTP1RequestHandlerTests {
  /// Tells the request back: method, target, length of the body, and the body.
  private struct Echo: RequestResponder {
    func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse {
      let body = String(buffer: request.body)
      return ServerResponse(
        status: 200, contentType: "text/plain",
        body: Array("\(request.method) \(request.target) \(body)".utf8))
    }
  }

  /// Answers when it is told to.
  private final class Waiting: RequestResponder {
    private let waiters = Mutex<[CheckedContinuation<ServerResponse, Never>]>([])
    private let cancelled = Atomic<Int>(0)

    var count: Int { self.waiters.withLock { $0.count } }
    var cancelledCount: Int { self.cancelled.load(ordering: .relaxed) }

    func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          self.waiters.withLock { $0.append(continuation) }
        }
      } onCancel: {
        self.cancelled.add(1, ordering: .relaxed)
      }
    }

    func answer(_ text: String) {
      let first = self.waiters.withLock { $0.removeFirst() }
      first.resume(returning: ServerResponse(status: 200, body: Array(text.utf8)))
    }
  }

  /// The same ones for each channel of these tests.
  private static let numbers: DistinctNumbers = {
    var system = SystemRandomNumberGenerator()
    return DistinctNumbers(seededBy: &system)
  }()

  private static let settings: HTTP1Settings = {
    var settings = HTTP1Settings()
    settings.exchange.bodyBytes = 64
    settings.wallClock = { 784_111_777 }
    return settings
  }()

  private func makeChannel(
    _ responder: some RequestResponder, settings: HTTP1Settings = Self.settings
  ) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    let handler = HTTP1RequestHandler(
      responder: responder, executor: EmbeddedTaskExecutor(channel.embeddedEventLoop),
      settings: settings, random: Self.numbers)
    try channel.pipeline.syncOperations.addHandlers([
      FirstByteNotice { handler.bytesCame() }, HTTP1Server.makeDecoder(), handler,
    ])
    try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fake")).wait()
    return channel
  }

  /// All that was written so far.
  private func output(of channel: EmbeddedChannel) throws -> String {
    var text = ""
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
      text += String(buffer: buffer)
    }
    return text
  }

  /// The answers, each as its status and body.
  private func answers(in text: String) -> [(head: String, body: String)] {
    var rest = text[...]
    var answers: [(head: String, body: String)] = []
    while let end = rest.firstRange(of: "\r\n\r\n") {
      let head = String(rest[..<end.lowerBound])
      rest = rest[end.upperBound...]
      let length =
        head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        .flatMap { Int($0.dropFirst("Content-Length: ".count)) } ?? 0
      answers.append((head, String(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return answers
  }

  private static let post =
    "POST /things/a%3Ab/jobs/$next?x=%2F HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"

  @Test func `the whole answer is one write`() throws {
    var numbers = Self.numbers
    let channel = try self.makeChannel(Echo())
    try channel.writeInbound(ByteBuffer(string: Self.post))
    let written = try #require(try channel.readOutbound(as: ByteBuffer.self))
    #expect(
      String(buffer: written) == """
        HTTP/1.1 200 OK\r
        x-amzn-RequestId: \(RandomUUID(using: &numbers).text)\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        Content-Type: text/plain\r
        Content-Length: 41\r
        \r
        POST /things/a%3Ab/jobs/$next?x=%2F hello
        """)
    #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    #expect(channel.isActive)
  }

  @Test func `every split of a request gives the same answer`() throws {
    let bytes = Array(Self.post.utf8)
    let whole = try self.makeChannel(Echo())
    try whole.writeInbound(ByteBuffer(string: Self.post))
    let expected = try self.output(of: whole)
    for cut in 1..<bytes.count {
      let channel = try self.makeChannel(Echo())
      try channel.writeInbound(ByteBuffer(bytes: bytes[..<cut]))
      try channel.writeInbound(ByteBuffer(bytes: bytes[cut...]))
      #expect(try self.output(of: channel) == expected)
    }
    let trickle = try self.makeChannel(Echo())
    for byte in bytes { try trickle.writeInbound(ByteBuffer(bytes: [byte])) }
    #expect(try self.output(of: trickle) == expected)
  }

  @Test func `a body in chunks is put together`() throws {
    let channel = try self.makeChannel(Echo())
    try channel.writeInbound(
      ByteBuffer(
        string: "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"))
    #expect(self.answers(in: try self.output(of: channel)).map(\.body) == ["PUT /x abcde"])
  }

  @Test func `pipelined requests are answered in their order, in one flush`() throws {
    let channel = try self.makeChannel(Echo())
    let requests = (0..<5).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
    try channel.writeInbound(ByteBuffer(string: requests))
    let answers = self.answers(in: try self.output(of: channel))
    #expect(answers.map(\.body) == (0..<5).map { "GET /\($0) " })
    let ids = Set(answers.map { $0.head.split(separator: "\r\n")[1] })
    #expect(ids.count == 5)
  }

  @Test func `pipelined requests wait for answers that take their time`() throws {
    let responder = Waiting()
    let channel = try self.makeChannel(responder)
    let requests = (0..<3).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined()
    try channel.writeInbound(ByteBuffer(string: requests))
    for index in 0..<3 {
      #expect(responder.count == 1)
      #expect(try self.output(of: channel) == "")
      responder.answer("answer \(index)")
      channel.embeddedEventLoop.run()
      #expect(self.answers(in: try self.output(of: channel)).map(\.body) == ["answer \(index)"])
    }
    #expect(responder.count == 0)
  }

  @Test func `a peer is not read from while its answer is pending`() throws {
    let responder = Waiting()
    let channel = try self.makeChannel(responder)
    let reads = ReadCounter()
    try channel.pipeline.syncOperations.addHandler(reads, position: .first)
    channel.read()
    #expect(reads.count == 1)
    try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    let before = reads.count
    channel.read()
    #expect(reads.count == before)
    responder.answer("")
    channel.embeddedEventLoop.run()
    #expect(reads.count == before + 1)
  }

  private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = Never
    var count = 0
    func read(context: ChannelHandlerContext) {
      self.count += 1
      context.read()
    }
  }

  @Test func `a peer that leaves cancels its call`() throws {
    let responder = Waiting()
    let channel = try self.makeChannel(responder)
    try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(responder.cancelledCount == 0)
    channel.pipeline.fireChannelInactive()
    #expect(responder.cancelledCount == 1)
    responder.answer("too late")
    channel.embeddedEventLoop.run()
    #expect(try self.output(of: channel) == "")
  }

  @Test(arguments: [
    ("Content-Length: 65\r\n\r\n", false),
    ("Content-Length: 65\r\nExpect: 100-continue\r\n\r\n", false),
    ("Transfer-Encoding: chunked\r\n\r\n41\r\n" + String(repeating: "x", count: 65), false),
    ("Content-Length: 64\r\n\r\n" + String(repeating: "x", count: 64), true),
  ])
  func `a body over the limit is refused and the connection closed`(
    rest: String, allowed: Bool
  ) throws {
    let channel = try self.makeChannel(Echo())
    try channel.writeInbound(ByteBuffer(string: "PUT / HTTP/1.1\r\nHost: h\r\n\(rest)"))
    let answer = try #require(self.answers(in: try self.output(of: channel)).first)
    #expect(answer.head.hasPrefix(allowed ? "HTTP/1.1 200 " : "HTTP/1.1 413 "))
    #expect(answer.head.contains("\r\nConnection: close") == !allowed)
    #expect(answer.body.contains("RequestEntityTooLargeException") == !allowed)
  }

  @Test func `who waits to be invited is invited once`() throws {
    let channel = try self.makeChannel(Echo())
    try channel.writeInbound(
      ByteBuffer(
        string: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"))
    #expect(try self.output(of: channel) == "HTTP/1.1 100 Continue\r\n\r\n")
    try channel.writeInbound(ByteBuffer(string: "hi"))
    #expect(self.answers(in: try self.output(of: channel)).map(\.body) == ["PUT / hi"])
  }

  @Test(arguments: [
    "\u{16}\u{03}\u{01}\u{02}\u{00}", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
    "NONSENSE / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA B: c\r\n\r\n",
    "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\nx",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\nx",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\nx",
    "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length : 1\r\n\r\nx",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "PUT / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
    "GET / HTTP/1.1\r\n Host: h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\nB: c\r\n\r\n",
    "GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\n: c\r\n\r\n",
  ])
  func `what is no request is a bad one and ends the connection`(text: String) throws {
    let channel = try self.makeChannel(Echo())
    // The decoder reports through the pipeline; what it reports is handled there.
    _ = try? channel.writeInbound(ByteBuffer(string: text))
    _ = try? channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    let answers = self.answers(in: try self.output(of: channel))
    #expect(answers.count == 1)
    #expect(answers.first?.head.hasPrefix("HTTP/1.1 400 ") == true)
    #expect(answers.first?.body.contains("MalformedHttpRequestException") == true)
  }

  @Test(arguments: [
    (0..<101).map { "H\($0): v\r\n" }.joined(),
    "Big: " + String(repeating: "x", count: 17_000) + "\r\n",
    (0..<10).map { "H\($0): " + String(repeating: "x", count: 8_000) + "\r\n" }.joined(),
  ])
  func `headers over a limit are refused`(headers: String) throws {
    let channel = try self.makeChannel(Echo())
    _ = try? channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n\(headers)\r\n"))
    let answers = self.answers(in: try self.output(of: channel))
    #expect(answers.map { $0.head.prefix(13) } == ["HTTP/1.1 431 "])
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false),
    ("GET / HTTP/1.0\r\n\r\n", false),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
    ("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", false),
    ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true),
  ])
  func `the connection stays as the request wishes`(request: String, stays: Bool) throws {
    let channel = try self.makeChannel(Echo())
    try channel.writeInbound(ByteBuffer(string: request))
    let head = try #require(self.answers(in: try self.output(of: channel)).first?.head)
    #expect(head.contains("\r\nConnection: close") == !stays)
    #expect(channel.isActive == stays)
  }

  @Test func `a head without a body answers HEAD`() throws {
    let channel = try self.makeChannel(Echo())
    try channel.writeInbound(ByteBuffer(string: "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n"))
    let text = try self.output(of: channel)
    #expect(text.contains("\r\nContent-Length: 8\r\n"))
    #expect(text.hasSuffix("\r\n\r\n"))
  }

  @Test func `a drain closes an idle connection and lets a busy one finish`() throws {
    let idle = try self.makeChannel(Echo())
    idle.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(!idle.isActive)

    let responder = Waiting()
    let busy = try self.makeChannel(responder)
    try busy.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    busy.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(busy.isActive)
    responder.answer("done")
    busy.embeddedEventLoop.run()
    let answer = try #require(self.answers(in: try self.output(of: busy)).first)
    #expect(answer.body == "done")
    #expect(answer.head.contains("\r\nConnection: close"))
    #expect(!busy.isActive)
  }

  /// So many bytes at a time.
  private final class Budget: RequestMemory {
    private let free: Mutex<Int>
    let total: Int

    init(_ bytes: Int) {
      self.total = bytes
      self.free = Mutex(bytes)
    }

    var held: Int { self.total - self.free.withLock { $0 } }

    func charge(_ bytes: Int) -> Bool {
      self.free.withLock { free in
        guard bytes <= free else { return false }
        free -= bytes
        return true
      }
    }

    func chargeAnyway(_ bytes: Int) { self.free.withLock { $0 -= bytes } }
    func giveBack(_ bytes: Int) { self.free.withLock { $0 += bytes } }
  }

  @Test(arguments: [
    (4_095, "HTTP/1.1 503 "), (4_096, "HTTP/1.1 503 "), (4_100, "HTTP/1.1 503 "),
    (4_101, "HTTP/1.1 200 "),
  ])
  func `what there is no room for is refused, and all room is given back`(
    bytes: Int, status: String
  ) throws {
    let budget = Budget(bytes)
    var settings = Self.settings
    settings.memory = budget
    let channel = try self.makeChannel(Echo(), settings: settings)
    try channel.writeInbound(ByteBuffer(string: Self.post))
    let answers = self.answers(in: try self.output(of: channel))
    #expect(answers.map { String($0.head.prefix(13)) } == [status])
    _ = try? channel.finish()
    #expect(budget.held == 0)
  }

  @Test func `a peer that takes no answers has no more of its requests read`() throws {
    let channel = try self.makeChannel(Echo())
    let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    try channel.writeInbound(ByteBuffer(string: get + get + get))
    #expect(self.answers(in: try self.output(of: channel)).isEmpty)
    channel.isWritable = true
    channel.pipeline.fireChannelWritabilityChanged()
    #expect(self.answers(in: try self.output(of: channel)).count == 3)
  }

  @Test func `an answer can be cut, and can be lost`() throws {
    struct Faulty: RequestResponder {
      func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse {
        var response = ServerResponse(status: 200, body: Array("0123456789".utf8))
        response.delivery = request.target == "/cut" ? .truncated(bodyBytes: 4) : .dropped
        return response
      }
    }
    let cut = try self.makeChannel(Faulty())
    try cut.writeInbound(ByteBuffer(string: "GET /cut HTTP/1.1\r\nHost: h\r\n\r\n"))
    let text = try self.output(of: cut)
    #expect(text.contains("\r\nContent-Length: 10\r\n"))
    #expect(text.hasSuffix("\r\n\r\n0123"))
    #expect(!cut.isActive)

    let lost = try self.makeChannel(Faulty())
    try lost.writeInbound(ByteBuffer(string: "GET /drop HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(try self.output(of: lost) == "")
    #expect(!lost.isActive)
  }
}
