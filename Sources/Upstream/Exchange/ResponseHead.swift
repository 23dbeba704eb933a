// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// A response's head: what somebody here reads of it, and what tells where the response ends.
struct ResponseHead: Equatable {
  /// How a body ends (RFC 9112 §6.3).
  enum Framing: Equatable {
    /// Another head follows.
    case interim
    case none
    case counted(Int)
    case chunked
    case untilClose
  }

  private(set) var fields: RESTResponseHead
  private var contentLength: Int?
  private var isChunked = false
  /// Versions after 1.1 are read as 1.1 (RFC 9110 §2.5).
  private let isVersion10: Bool
  private var saysClose = false
  private var saysKeepAlive = false

  /// Of no response yet.
  init() {
    self.fields = RESTResponseHead(status: 0)
    self.isVersion10 = false
  }

  /// Reads `HTTP/1.x NNN [reason]`. The blank before a reason that is empty may be missing, since
  /// some servers forget it (RFC 9112 §4).
  init(statusLine line: Span<UInt8>) throws(ExchangeFailure.Malformation) {
    guard line.count >= 12, line.mayBeginStatusLine, let version = line[7].digit,
      line[8] == UInt8(ascii: " "), line.count == 12 || line[12] == UInt8(ascii: " ")
    else { throw .notHTTP }
    let status = line.extracting(9..<12).number
    guard let status, status >= 100 else { throw .notHTTP }
    self.fields = RESTResponseHead(status: status)
    self.isVersion10 = version == 0
  }

  /// The connection stays when the response is over (RFC 9112 §9.3).
  var keepsAlive: Bool { !self.saysClose && (!self.isVersion10 || self.saysKeepAlive) }

  /// The length of the body, if it was announced.
  var bodyLength: Int? { self.mayHaveBody ? self.contentLength : nil }

  private var mayHaveBody: Bool {
    self.fields.status >= 200 && self.fields.status != 204 && self.fields.status != 304
  }

  mutating func add(field line: Span<UInt8>) throws(ExchangeFailure.Malformation) {
    guard let field = FieldLine(line) else { throw .notHTTP }
    let name = line.extracting(field.name)
    let value = line.extracting(field.value)
    // The length sorts out nearly all that mean nothing here.
    switch name.count {
    case 4 where name.isToken("date"): self.fields.date = String(field: value)
    case 10 where name.isToken("connection"):
      self.saysClose = self.saysClose || value.listsToken("close")
      self.saysKeepAlive = self.saysKeepAlive || value.listsToken("keep-alive")
    case 11 where name.isToken("retry-after"): self.fields.retryAfter = String(field: value)
    case 14 where name.isToken("content-length"):
      guard self.contentLength == nil, let length = value.number else { throw .notHTTP }
      self.contentLength = length
    case 16 where name.isToken("x-amzn-requestid"):
      self.fields.requestID = value.isLoggable ? String(field: value) : nil
    case 16 where name.isToken("x-amzn-errortype"): self.fields.errorType = String(field: value)
    case 17 where name.isToken("x-amz-retry-after"):
      self.fields.retryAfterMilliseconds = String(field: value)
    case 17 where name.isToken("transfer-encoding"):
      guard !self.isChunked, value.isToken("chunked") else { throw .notHTTP }
      self.isChunked = true
    default: return
    }
  }

  /// To be asked when all fields are in. Both a length and a coding, or a coding from a server that
  /// knows none, is what an attempt at smuggling looks like (RFC 9112 §6.1, §6.3).
  func framing() throws(ExchangeFailure.Malformation) -> Framing {
    guard !self.isChunked || self.contentLength == nil && !self.isVersion10 else { throw .notHTTP }
    guard self.mayHaveBody else { return self.fields.status < 200 ? .interim : .none }
    if self.isChunked { return .chunked }
    return self.contentLength.map { .counted($0) } ?? .untilClose
  }
}

extension Span<UInt8> {
  /// False if no status line begins like this, however it goes on.
  var mayBeginStatusLine: Bool {
    var index = 0
    for byte in "HTTP/1.".utf8 {
      guard index < self.count else { return true }
      guard self[index] == byte else { return false }
      index += 1
    }
    return true
  }

  /// A number of one to eighteen digits, which cannot overflow, and of nothing else.
  fileprivate var number: Int? {
    guard 1...18 ~= self.count else { return nil }
    var number = 0
    for index in self.indices {
      guard let digit = self[index].digit else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  /// The id goes on to callers and into logs, so only what fits there is kept.
  fileprivate var isLoggable: Bool {
    guard 1...128 ~= self.count else { return false }
    for index in self.indices where !(0x21...0x7e ~= self[index]) { return false }
    return true
  }
}

extension UInt8 {
  fileprivate var digit: Int? {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= self ? Int(self - UInt8(ascii: "0")) : nil
  }
}

extension String {
  /// What is not UTF-8 is replaced: a field that says something wrong must not say nothing.
  fileprivate init(field value: Span<UInt8>) {
    if let text = try? UTF8Span(validating: value) {
      self.init(copying: text)
    } else {
      self.init(decoding: value.indices.map { value[$0] }, as: UTF8.self)
    }
  }
}
