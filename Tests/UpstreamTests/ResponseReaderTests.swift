// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import Upstream

/// What a reader makes of bytes, with the parts of a body put together.
private struct Reading: Equatable {
  var heads: [ResponseHead] = []
  var body = ""
  var ended = false
  /// Bytes behind the end.
  var rest = 0
  var malformed = false

  init(_ pieces: [Substring.UTF8View], limits: ResponseReader.Limits = .init()) {
    var reader = ResponseReader(limits: limits)
    for piece in pieces {
      let bytes = Array(piece)
      guard !self.ended else {
        self.rest += bytes.count
        continue
      }
      self.read(bytes, with: &reader)
    }
  }

  /// A further read.
  mutating func read(_ bytes: [UInt8], with reader: inout ResponseReader) {
    var position = 0
    do throws(ExchangeFailure.Malformation) {
      while true {
        switch try reader.next(in: bytes.span, from: &position) {
        case .wait: return
        case .head(let head): self.heads.append(head)
        case .body(let range): self.body += String(decoding: bytes[range], as: UTF8.self)
        case .end:
          self.ended = true
          self.rest = bytes.count - position
          return
        }
      }
    } catch {
      self.malformed = true
    }
  }

  init(_ text: String, limits: ResponseReader.Limits = .init()) {
    self.init([text[...].utf8], limits: limits)
  }

  var statuses: [Int] { self.heads.map(\.fields.status) }
}

/// The text in two pieces, cut everywhere, and byte by byte.
private func splits(of text: String) -> [[Substring.UTF8View]] {
  let bytes = text[...].utf8
  return (0...bytes.count).map { [bytes.prefix($0), bytes.dropFirst($0)] }
    + [bytes.indices.map { bytes[$0...$0] }]
}

private let ok = "HTTP/1.1 200 OK\r\n"
private let chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"

@Suite struct ResponseReaderTests {
  @Test(arguments: [
    (ok + "Content-Length: 5\r\n\r\nhello", [200], "hello", true),
    (ok + "content-length:\t5 \t\r\n\r\nhelloX", [200], "hello", true),
    (ok + "Content-Length: 0\r\n\r\n", [200], "", true),
    (ok + "\r\nno length", [200], "no length", false),
    ("HTTP/1.1 204\r\n\r\n", [204], "", true),
    ("HTTP/1.1 304 \r\nContent-Length: 7\r\n\r\n", [304], "", true),
    ("HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n", [304], "", true),
    ("HTTP/1.0 500 b\u{fc}se\t!\r\nContent-Length: 1\r\n\r\n.", [500], ".", true),
    ("HTTP/1.9 999 X\r\nContent-Length: 1\r\n\r\n.", [999], ".", true),
    (
      "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 X\r\na: b\r\n\r\n" + ok + "\r\n", [100, 103, 200], "",
      false
    ),
    (chunked + "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n", [200], "abc0123456789", true),
    (
      chunked + "3;a=b;c=\"d\"\r\nabc\r\n2 ; x\r\nde\r\n000\r\nTrailer: x\r\n\r\n", [200], "abcde",
      true
    ),
    (ok + "TRANSFER-ENCODING: Chunked\r\n\r\n1\r\n\r\r\n0\r\n\r\nHTTP/1.1", [200], "\r", true),
  ])
  func `a response is the same however it is split`(
    text: String, statuses: [Int], body: String, ended: Bool
  ) {
    let whole = Reading(text)
    #expect(whole.statuses == statuses && whole.body == body && whole.ended == ended)
    #expect(!whole.malformed)
    for pieces in splits(of: text) { #expect(Reading(pieces) == whole) }
  }

  @Test(arguments: [
    // The status line (RFC 9112 §4).
    "HTTP/2.0 200 OK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1 099 OK\r\n",
    "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 200OK\r\n", "HTTP/1.x 200 OK\r\n",
    " HTTP/1.1 200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", "HTTP/1.1 200\tOK\r\n", "220 smtp",
    "\u{16}\u{3}",
    // Ends of lines (§2.2).
    "HTTP/1.1 200 OK\n", ok + "a: b\n", ok + "a: b\rc\r\n", ok + "a: b\r\r\n", ok + "\n",
    ok + "a: \u{0}\r\n",
    ok + "a: \u{7f}\r\n", ok + "a: \u{b}\r\n",
    // Fields (§5).
    ok + "no colon\r\n", ok + ": nameless\r\n", ok + "a : b\r\n", ok + " a: b\r\n",
    ok + "a: b\r\n folded\r\n",
    ok + "a: b\r\n\tfolded\r\n", ok + "a(b): c\r\n", ok + "\u{e4}: b\r\n",
    // Lengths and codings (§6).
    ok + "Content-Length: \r\n", ok + "Content-Length: +1\r\n", ok + "Content-Length: 1, 1\r\n",
    ok + "Content-Length: 0x1\r\n", ok + "Content-Length: 1 1\r\n",
    ok + "Content-Length: 1234567890123456789\r\n",
    ok + "Content-Length: 1\r\nContent-Length: 1\r\n",
    ok + "Transfer-Encoding: gzip\r\n", ok + "Transfer-Encoding: gzip, chunked\r\n",
    ok + "Transfer-Encoding: chunked, chunked\r\n", ok + "Transfer-Encoding: xchunked\r\n",
    ok + "Transfer-Encoding: \u{b}chunked\r\n",
    ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    // Chunks (§7.1).
    chunked + "\r\n", chunked + ";a=b\r\n", chunked + " 3\r\n", chunked + "3 4\r\n",
    chunked + "0x3\r\n",
    chunked + "3\n", chunked + "3\r\nabcd", chunked + "3\r\nabc\n", chunked + "3\r\nabc\r\r\n",
    chunked + "1000000000000000\r\n", chunked + "-3\r\n", chunked + "0\r\nno colon\r\n",
    chunked + "0\r\n folded: x\r\n",
  ])
  func `what is no response is refused however it is split`(text: String) {
    for pieces in splits(of: text) {
      let reading = Reading(pieces)
      #expect(reading.malformed && !reading.ended, "\(pieces.map { Array($0) })")
    }
  }

  @Test func `what is wrong stays wrong`() {
    var reader = ResponseReader()
    for text in ["HTTP/1.1 200 OK\n", ok + "\r\n"] {
      var reading = Reading([])
      reading.read(Array(text.utf8), with: &reader)
      #expect(reading.malformed && reading.heads.isEmpty)
    }
    let ends = reader.closed()
    #expect(!ends)
  }

  @Test func `only a body without a length may end with the connection`() {
    for (text, ends) in [
      ("", false), ("HTTP/1.1 2", false), (ok, false), (ok + "\r\n", true), (ok + "\r\nabc", true),
      (ok + "Content-Length: 2\r\n\r\na", false), (chunked + "2\r\nab\r\n", false),
      (chunked + "0\r\n", false),
    ] {
      var reader = ResponseReader()
      var reading = Reading([])
      reading.read(Array(text.utf8), with: &reader)
      #expect(!reading.malformed && !reading.ended)
      let (first, second) = (reader.closed(), reader.closed())
      #expect(first == ends && !second, "\(text)")
    }
  }

  @Test func `responses follow each other, and each has limits of its own`() {
    var reader = ResponseReader(limits: .init(headBytes: 64))
    for _ in 1...3 {
      var reading = Reading([])
      reading.read(Array((ok + "Content-Length: 1\r\n\r\n.").utf8), with: &reader)
      #expect(reading.ended && reading.body == "." && reading.statuses == [200])
    }
  }

  @Test(arguments: [
    (ok + "Connection: keep-alive\r\n\r\n", true), (ok + "Connection: Close\r\n\r\n", false),
    (ok + "Connection: x,\tclose ,y\r\n\r\n", false), (ok + "Connection: closed\r\n\r\n", true),
    (ok + "Connection: keep-alive\r\nConnection: close\r\n\r\n", false), (ok + "\r\n", true),
    ("HTTP/1.0 200 OK\r\n\r\n", false), ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", true),
    ("HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\n", false),
  ])
  func `the connection stays as the version and the server say`(text: String, keeps: Bool) {
    #expect(Reading(text).heads.map(\.keepsAlive) == [keeps])
  }

  @Test func `of a head what matters is read, whatever its case`() {
    let fields = Reading(
      "HTTP/1.1 429 Slow\r\nDATE: Fri, 02 Jan 2026 03:04:05 GMT\r\nx-Amzn-RequestId: r-1\r\n"
        + "X-AMZN-ERRORTYPE:  \u{e4}X:http://y \r\nRetry-After:7\r\nx-amz-retry-after: 70\r\n"
        + "x-unread: \u{ff}\r\n\r\n"
    ).heads.first?.fields
    var expected = RESTResponseHead(status: 429)
    expected.date = "Fri, 02 Jan 2026 03:04:05 GMT"
    expected.requestID = "r-1"
    expected.errorType = "\u{e4}X:http://y"
    expected.retryAfter = "7"
    expected.retryAfterMilliseconds = "70"
    #expect(fields == expected)
  }

  @Test func `an interim response lends nothing to the final one`() {
    let heads = Reading(
      "HTTP/1.1 103 X\r\nx-amzn-RequestId: r\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
        + ok + "Content-Length: 0\r\n\r\n"
    ).heads
    #expect(heads.last?.fields == RESTResponseHead(status: 200))
    #expect(heads.last?.keepsAlive == true && heads.last?.bodyLength == 0)
  }

  @Test(arguments: ["", "a b", "\u{e4}", String(repeating: "x", count: 129)])
  func `a request id that no log can hold is none`(id: String) {
    #expect(Reading(ok + "x-amzn-requestid: \(id)\r\n\r\n").heads.map(\.fields.requestID) == [nil])
  }

  @Test func `a field that is not UTF-8 says something still`() {
    var reader = ResponseReader()
    var reading = Reading([])
    let bytes = Array((ok + "x-amzn-errortype: ").utf8) + [0xff] + Array("\r\n\r\n".utf8)
    reading.read(bytes, with: &reader)
    #expect(reading.heads.map(\.fields.errorType) == ["\u{fffd}"])
  }

  static let limits = ResponseReader.Limits(
    lineBytes: 20, headBytes: 60, fields: 3, chunkLineBytes: 4)

  @Test(arguments: [
    (ok + "a: " + String(repeating: "x", count: 17) + "\r\n", false),
    (ok + "a: " + String(repeating: "x", count: 18) + "\r\n", true),
    ("HTTP/1.1 200 OKOKOKOK\r\n", true),
    (ok + String(repeating: "a: b\r\n", count: 3), false),
    (ok + String(repeating: "a: b\r\n", count: 4), true),
    // Each head counts for itself: how many come is for a time limit to say.
    (String(repeating: "HTTP/1.1 100 Go\r\n\r\n", count: 5), false),
    (ok + "Transfer-Encoding:chunked\r\n\r\n", true),
  ])
  func `lines, fields and heads have limits`(text: String, isOver: Bool) {
    for pieces in splits(of: text) {
      #expect(Reading(pieces, limits: Self.limits).malformed == isOver)
    }
  }

  @Test(arguments: [
    ("3;ab\r\nabc\r\n", false), ("3;abc\r\n", true),
    ("0\r\n" + String(repeating: "a: b\r\n", count: 4), true),
    ("0\r\na: " + String(repeating: "x", count: 27) + "\r\n", true),
  ])
  func `chunks' lines and trailers have limits`(text: String, isOver: Bool) {
    let limits = ResponseReader.Limits(lineBytes: 26, headBytes: 60, fields: 3, chunkLineBytes: 4)
    for pieces in splits(of: chunked + text) {
      #expect(Reading(pieces, limits: limits).malformed == isOver)
    }
  }
}
