// SPDX-License-Identifier: Apache-2.0

import Glibc
import JobsAPI
import NIOCore
import NIOEmbedded
import Testing

@testable import Upstream

/// A connection without a network, and what became of the exchanges on it.
final class Line {
  let channel = EmbeddedChannel()
  let handler: HTTPExchangeHandler
  private(set) var outcomes: [HTTPExchange.Outcome] = []

  init(firstByteTimeout: Duration? = nil) throws {
    self.handler = HTTPExchangeHandler(maxBodyBytes: 64, firstByteTimeout: firstByteTimeout)
    try self.handler.install(in: self.channel.pipeline.syncOperations)
    self.channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 80), promise: nil)
  }

  @discardableResult
  func begin(
    _ request: String = "GET / HTTP/1.1\r\n\r\n", reused: Bool = false,
    deadline: NIODeadline = .distantFuture
  ) -> HTTPExchange {
    let exchange = HTTPExchange(request: ByteBuffer(string: request), deadline: deadline)
    exchange.onEnd = { self.outcomes.append($0) }
    self.handler.begin(exchange, reused: reused)
    return exchange
  }

  func receive(_ text: String) {
    // An error is the handler's to see; the channel rethrows those that nobody took.
    _ = try? self.channel.writeInbound(ByteBuffer(string: text))
  }

  func receive(_ bytes: Substring.UTF8View) {
    _ = try? self.channel.writeInbound(ByteBuffer(bytes: bytes))
  }

  func closeByPeer() {
    self.channel.pipeline.fireChannelInactive()
  }

  /// The socket breaks, and then it is closed.
  func resetByPeer() {
    self.channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "read"))
    self.closeByPeer()
  }
}

private let response =
  "HTTP/1.1 200 OK\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nX-Amzn-RequestId: r-1\r\n"
  + "Content-Length: 11\r\nx-unread: yes\r\n\r\n{\"key\": 1}\n"

private var parsed: UpstreamResponse {
  var response = UpstreamResponse(status: 200)
  response.head.requestID = "r-1"
  response.head.date = "Fri, 02 Jan 2026 03:04:05 GMT"
  response.body = Array("{\"key\": 1}\n".utf8)
  return response
}

@Suite struct HTTPExchangeHandlerTests {
  @Test func `the request leaves as it is, once, and nothing else leaves`() throws {
    let line = try Line()
    line.begin("PUT /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    #expect(
      try line.channel.readOutbound(as: ByteBuffer.self)
        == ByteBuffer(string: "PUT /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"))
    #expect(try line.channel.readOutbound(as: ByteBuffer.self) == nil)
  }

  @Test func `a response is the same however it is split`() throws {
    for split in 1..<response.utf8.count {
      let line = try Line()
      line.begin()
      line.receive(response[...].utf8.prefix(split))
      #expect(line.outcomes.isEmpty)
      line.receive(response[...].utf8.dropFirst(split))
      #expect(line.outcomes == [.success(parsed)])
      #expect(line.channel.isActive)
    }
  }

  @Test func `an exchange knows when it began and when its answer did`() throws {
    let line = try Line()
    let loop = line.channel.embeddedEventLoop
    let exchange = line.begin()
    loop.advanceTime(by: .milliseconds(2))
    line.receive(response[...].utf8.prefix(20))
    loop.advanceTime(by: .milliseconds(4))
    line.receive(response[...].utf8.dropFirst(20))
    var stages = StageTimes()
    exchange.addTimes(until: loop.now, to: &stages)
    // Who did not have to wait has not waited, be it for a microsecond.
    #expect(stages[.queue] == 0 && stages[.firstByte] == 2_000 && stages[.transfer] == 4_000)
  }

  @Test func `an exchange without an answer waited for its first byte all the time`() throws {
    let line = try Line()
    let loop = line.channel.embeddedEventLoop
    let exchange = line.begin()
    loop.advanceTime(by: .milliseconds(3))
    exchange.cancel()
    var stages = StageTimes()
    exchange.addTimes(until: loop.now, to: &stages)
    #expect(stages == StageTimes(.firstByte, .milliseconds(3)))
  }

  @Test func `an exchange that never began has waited in the queue alone`() {
    let exchange = HTTPExchange(request: ByteBuffer(), deadline: .distantFuture)
    exchange.queuedAt = .uptimeNanoseconds(1_000)
    var stages = StageTimes()
    exchange.addTimes(until: .uptimeNanoseconds(6_000), to: &stages)
    #expect(stages == StageTimes(.queue, .microseconds(5)))
  }

  @Test func `a response may come byte by byte`() throws {
    let line = try Line()
    line.begin()
    for byte in response.utf8 {
      #expect(line.outcomes.isEmpty)
      _ = try line.channel.writeInbound(ByteBuffer(bytes: [byte]))
    }
    #expect(line.outcomes == [.success(parsed)])
  }

  @Test func `every cut is a failure, and the connection is gone`() throws {
    for cut in 0..<response.utf8.count {
      let line = try Line()
      line.begin(reused: true)
      if cut > 0 {
        line.receive(response[...].utf8.prefix(cut))
      }
      line.closeByPeer()
      #expect(
        line.outcomes
          == [.failure(cut == 0 ? .closedBeforeResponse(reused: true) : .interrupted)])
      line.begin()
      #expect(line.outcomes.last == .failure(.notSent(reused: false)))
    }
  }

  @Test func `exchanges follow each other on one connection`() throws {
    let line = try Line()
    line.begin()
    line.receive(response)
    line.begin(reused: true)
    line.receive("HTTP/1.1 404 Not Found\r\nx-amzn-ErrorType: X\r\nRetry-After: 7\r\n")
    line.receive("x-amz-retry-after: 70\r\nContent-Length: 0\r\n\r\n")
    var second = UpstreamResponse(status: 404)
    second.head.errorType = "X"
    second.head.retryAfter = "7"
    second.head.retryAfterMilliseconds = "70"
    #expect(line.outcomes == [.success(parsed), .success(second)])
    #expect(line.channel.isActive)
  }

  @Test func `chunked bodies and interim responses are understood`() throws {
    let line = try Line()
    line.begin()
    line.receive("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n")
    line.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    line.receive("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    var expected = UpstreamResponse(status: 200)
    expected.body = Array("abcde".utf8)
    #expect(line.outcomes == [.success(expected)])
    #expect(line.channel.isActive)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
  ])
  func `a server that will close is not asked again`(response: String) throws {
    let line = try Line()
    line.begin()
    line.receive(response)
    #expect(line.outcomes.count == 1)
    #expect(!line.channel.isActive)
  }

  @Test func `a body without a length ends with the connection`() throws {
    let line = try Line()
    line.begin()
    line.receive("HTTP/1.1 200 OK\r\n\r\nok")
    #expect(line.outcomes.isEmpty)
    line.closeByPeer()
    var expected = UpstreamResponse(status: 200)
    expected.body = Array("ok".utf8)
    #expect(line.outcomes == [.success(expected)])
  }

  @Test(arguments: [
    response + "X", response + response, response + "\u{0}",
  ])
  func `what follows a response in its read is never taken for the next`(bytes: String) throws {
    let line = try Line()
    line.begin()
    line.receive(bytes)
    #expect(line.outcomes == [.success(parsed)])
    line.begin(reused: true)
    line.receive("TTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(line.outcomes.last != .success(UpstreamResponse(status: 200)))
    #expect(line.outcomes.count == 2)
  }

  @Test func `bytes before any request close the connection`() throws {
    let line = try Line()
    line.receive("HTTP/1.1 408 Request Timeout\r\n\r\n")
    #expect(!line.channel.isActive)
    line.begin(reused: true)
    #expect(line.outcomes == [.failure(.notSent(reused: true))])
    #expect(try line.channel.readOutbound(as: ByteBuffer.self) == nil)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n"
      + String(repeating: "x", count: 65) + "\r\n",
  ])
  func `a body over the limit is refused`(response: String) throws {
    let line = try Line()
    line.begin()
    line.receive(response)
    #expect(line.outcomes == [.failure(.malformedResponse(.bodyTooLarge(limit: 64)))])
    #expect(!line.channel.isActive)
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 20_000) + "\r\n\r\n",
  ])
  func `what is no response is refused`(bytes: String) throws {
    let line = try Line()
    line.begin()
    line.receive(bytes)
    #expect(line.outcomes == [.failure(.malformedResponse(.notHTTP))])
    #expect(!line.channel.isActive)
  }

  @Test func `a cancelled exchange closes its connection and ends once`() throws {
    let line = try Line()
    let exchange = line.begin()
    exchange.cancel()
    exchange.cancel()
    #expect(line.outcomes == [.failure(.cancelled(requestSent: true))])
    #expect(!line.channel.isActive)
  }

  @Test func `the cancellation of an exchange that is over leaves the next one alone`() throws {
    let line = try Line()
    let first = line.begin()
    line.receive(response)
    line.begin(reused: true)
    first.cancel()
    #expect(line.channel.isActive)
    line.receive(response)
    #expect(line.outcomes == [.success(parsed), .success(parsed)])
  }

  @Test func `a response has its time to begin, and then that of the whole exchange`() throws {
    let line = try Line(firstByteTimeout: .seconds(15))
    let loop = line.channel.embeddedEventLoop
    line.begin(deadline: loop.now + .seconds(30))
    loop.advanceTime(by: .seconds(14))
    line.receive("H")
    loop.advanceTime(by: .seconds(15))
    #expect(line.outcomes.isEmpty)
    loop.advanceTime(by: .seconds(1))
    #expect(line.outcomes == [.failure(.timedOut(requestSent: true))])
    #expect(!line.channel.isActive)
  }

  @Test func `a response that does not begin ends its exchange`() throws {
    let line = try Line(firstByteTimeout: .seconds(15))
    let loop = line.channel.embeddedEventLoop
    line.begin(deadline: loop.now + .seconds(30))
    line.receive(response)
    // The time counts from each request anew.
    loop.advanceTime(by: .seconds(14))
    line.begin(reused: true, deadline: loop.now + .seconds(30))
    loop.advanceTime(by: .milliseconds(14_999))
    #expect(line.outcomes == [.success(parsed)])
    loop.advanceTime(by: .milliseconds(1))
    #expect(
      line.outcomes == [.success(parsed), .failure(.firstByteTimedOut(requestSent: true))])
    #expect(!line.channel.isActive)
  }

  @Test func `the caller's deadline may come before the first byte's`() throws {
    let line = try Line(firstByteTimeout: .seconds(15))
    let loop = line.channel.embeddedEventLoop
    line.begin(deadline: loop.now + .seconds(2))
    loop.advanceTime(by: .seconds(2))
    #expect(line.outcomes == [.failure(.timedOut(requestSent: true))])
  }
}
