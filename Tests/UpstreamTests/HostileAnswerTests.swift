// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import Testing

@testable import Upstream

/// What a server says that means no good, and what its exchange comes to.
struct HostileAnswer: CustomTestStringConvertible, Sendable {
  var name: String
  var bytes: String
  /// Nil if only the end of the connection, or of time, decides.
  var failure: ExchangeFailure?

  init(_ name: String, _ bytes: String, _ failure: ExchangeFailure? = nil) {
    self.name = name
    self.bytes = bytes
    self.failure = failure
  }

  var testDescription: String { self.name }

  private static let notHTTP = ExchangeFailure.malformedResponse(.notHTTP)
  private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

  /// Those that are told by their bytes alone.
  static let malformed = [
    HostileAnswer("another protocol", "SSH-2.0-OpenSSH_9.2\r\n", notHTTP),
    HostileAnswer("TLS", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{28}", notHTTP),
    HostileAnswer("a later version", "HTTP/2.0 200 OK\r\n\r\n", notHTTP),
    HostileAnswer("a preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", notHTTP),
    HostileAnswer("a request", "GET / HTTP/1.1\r\n\r\n", notHTTP),
    HostileAnswer("a status of two digits", "HTTP/1.1 99 X\r\n\r\n", notHTTP),
    HostileAnswer("a status of four digits", "HTTP/1.1 2000 X\r\n\r\n", notHTTP),
    HostileAnswer("a field without a colon", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", notHTTP),
    HostileAnswer("a NUL in a field", "HTTP/1.1 200 OK\r\nx: a\u{0}b\r\n\r\n", notHTTP),
    HostileAnswer("a length of words", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", notHTTP),
    HostileAnswer("a length below zero", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", notHTTP),
    HostileAnswer(
      "a length beyond numbers",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", notHTTP),
    HostileAnswer(
      "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", notHTTP),
    HostileAnswer("a chunk size of words", chunked + "zz\r\n", notHTTP),
    HostileAnswer("a chunk size below zero", chunked + "-1\r\n", notHTTP),
    HostileAnswer("a chunk size beyond numbers", chunked + "fffffffffffffffff\r\n", notHTTP),
    HostileAnswer("a chunk longer than it says", chunked + "2\r\nabc\r\n", notHTTP),
    HostileAnswer(
      "a change of protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      .malformedResponse(.upgrade)),
    HostileAnswer(
      "a body that is announced too long", "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n",
      .malformedResponse(.bodyTooLarge(limit: 64))),
    HostileAnswer(
      "a chunk that is too long", chunked + "41\r\n" + String(repeating: "x", count: 65) + "\r\n",
      .malformedResponse(.bodyTooLarge(limit: 64))),
    HostileAnswer(
      "chunks that are too long together",
      chunked + String(repeating: "10\r\n0123456789abcdef\r\n", count: 5),
      .malformedResponse(.bodyTooLarge(limit: 64))),
    HostileAnswer(
      "a body without an end", "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 65),
      .malformedResponse(.bodyTooLarge(limit: 64))),
  ]

  /// Too long to be split at every byte: heads over the limits.
  static let oversized = [
    HostileAnswer(
      "a field too long", "HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 20_000),
      notHTTP),
    HostileAnswer(
      "a field's name too long", "HTTP/1.1 200 OK\r\n" + String(repeating: "y", count: 20_000),
      notHTTP),
    HostileAnswer(
      "fields too many",
      "HTTP/1.1 200 OK\r\n" + String(repeating: "x: y\r\n", count: 200) + "\r\n", notHTTP),
    HostileAnswer(
      "fields too long together",
      "HTTP/1.1 200 OK\r\n"
        + String(repeating: "x: " + String(repeating: "y", count: 10_000) + "\r\n", count: 8)
        + "\r\n", notHTTP),
  ]

  /// Those that break off, and would have gone on.
  static let incomplete = [
    HostileAnswer("nothing at all", ""),
    HostileAnswer("half a status line", "HTTP/1.1 20"),
    HostileAnswer("half a head", "HTTP/1.1 200 OK\r\nContent-Le"),
    HostileAnswer("a head without its body", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"),
    HostileAnswer("a body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"a\":"),
    HostileAnswer("a chunk cut short", chunked + "5\r\nab"),
    HostileAnswer("a chunk size cut short", chunked + "5"),
    HostileAnswer("chunks without a last one", chunked + "2\r\n{}\r\n"),
    HostileAnswer("chunks without trailers' end", chunked + "2\r\n{}\r\n0\r\n"),
    HostileAnswer("only interim answers", "HTTP/1.1 100 Continue\r\n\r\n"),
    HostileAnswer("an interim answer, half a head", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2"),
  ]
}

/// Each is the same however its bytes are split, ends its exchange once, and costs the connection.
@Suite struct HostileAnswerTests {
  private static func expectEnded(_ line: Line, _ failure: ExchangeFailure, _ split: Int) {
    #expect(line.outcomes == [.failure(failure)], "split at \(split)")
    #expect(!line.channel.isActive && !line.handler.isOpen, "split at \(split)")
    // Nothing that comes afterwards is anybody's.
    line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(line.outcomes.count == 1, "split at \(split)")
  }

  @Test(arguments: HostileAnswer.malformed)
  func `what is no response fails at once`(answer: HostileAnswer) throws {
    let failure = try #require(answer.failure)
    for split in 0..<answer.bytes.utf8.count {
      let line = try Line()
      line.begin()
      if split > 0 { line.receive(answer.bytes[...].utf8.prefix(split)) }
      line.receive(answer.bytes[...].utf8.dropFirst(split))
      Self.expectEnded(line, failure, split)
    }
  }

  @Test(arguments: HostileAnswer.oversized)
  func `a head without measure fails at its limit`(answer: HostileAnswer) throws {
    for piece in [1, 7, 1_000, 100_000] {
      let line = try Line()
      line.begin()
      var rest = answer.bytes[...].utf8
      while !rest.isEmpty, line.outcomes.isEmpty {
        line.receive(rest.prefix(piece))
        rest = rest.dropFirst(piece)
      }
      Self.expectEnded(line, try #require(answer.failure), piece)
    }
  }

  @Test(arguments: HostileAnswer.incomplete, [false, true])
  func `what breaks off is an interruption`(answer: HostileAnswer, byReset: Bool) throws {
    for split in 0...answer.bytes.utf8.count {
      let line = try Line()
      line.begin()
      if split > 0 { line.receive(answer.bytes[...].utf8.prefix(split)) }
      if split < answer.bytes.utf8.count { line.receive(answer.bytes[...].utf8.dropFirst(split)) }
      #expect(line.outcomes.isEmpty)
      if byReset { line.resetByPeer() } else { line.closeByPeer() }
      let failure: ExchangeFailure =
        answer.bytes.isEmpty ? .closedBeforeResponse(reused: false) : .interrupted
      Self.expectEnded(line, failure, split)
    }
  }

  @Test(arguments: HostileAnswer.incomplete)
  func `what stops half-way ends with its time`(answer: HostileAnswer) throws {
    for split in 0...answer.bytes.utf8.count {
      let line = try Line(firstByteTimeout: .seconds(5))
      let loop = line.channel.embeddedEventLoop
      line.begin(deadline: loop.now + .seconds(30))
      // Slow from the first byte on, and never quite silent.
      for byte in answer.bytes.utf8.prefix(split) {
        line.receive(String(decoding: [byte], as: UTF8.self))
        loop.advanceTime(by: .milliseconds(100))
      }
      #expect(line.outcomes.isEmpty)
      loop.advanceTime(by: .seconds(30))
      Self.expectEnded(
        line, split == 0 ? .firstByteTimedOut(requestSent: true) : .timedOut(requestSent: true),
        split)
    }
  }

  @Test(arguments: HostileAnswer.incomplete)
  func `a cancellation half-way takes the connection along`(answer: HostileAnswer) throws {
    for split in 0...answer.bytes.utf8.count {
      let line = try Line()
      let exchange = line.begin()
      if split > 0 { line.receive(answer.bytes[...].utf8.prefix(split)) }
      exchange.cancel()
      Self.expectEnded(line, .cancelled(requestSent: true), split)
    }
  }

  @Test(arguments: [0, 1, 3, 100])
  func `interim answers are passed over, however many`(count: Int) throws {
    let interim = String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: count)
    let bytes = interim + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    var expected = UpstreamResponse(status: 200)
    expected.body = Array("{}".utf8)
    for split in stride(from: 1, to: bytes.utf8.count, by: count > 3 ? 97 : 1) {
      let line = try Line()
      line.begin()
      line.receive(bytes[...].utf8.prefix(split))
      line.receive(bytes[...].utf8.dropFirst(split))
      #expect(line.outcomes == [.success(expected)])
      #expect(line.channel.isActive)
    }
  }

  @Test(arguments: [301, 302, 303, 307, 308])
  func `a redirect is an answer and nothing else`(status: Int) throws {
    let bytes =
      "HTTP/1.1 \(status) Moved\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"
    for split in 1..<bytes.utf8.count {
      let line = try Line()
      line.begin("GET / HTTP/1.1\r\n\r\n")
      line.receive(bytes[...].utf8.prefix(split))
      line.receive(bytes[...].utf8.dropFirst(split))
      #expect(line.outcomes == [.success(UpstreamResponse(status: status))])
      #expect(try line.channel.readOutbound(as: ByteBuffer.self) != nil)
      #expect(try line.channel.readOutbound(as: ByteBuffer.self) == nil)
    }
  }

  @Test(arguments: [204, 304])
  func `a body where there can be none costs the connection`(status: Int) throws {
    let line = try Line()
    line.begin()
    line.receive("HTTP/1.1 \(status) None\r\nContent-Length: 2\r\n\r\n{}")
    #expect(line.outcomes == [.success(UpstreamResponse(status: status))])
    line.begin(reused: true)
    line.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(line.outcomes.last == .failure(.notSent(reused: true)))
  }
}
