// SPDX-License-Identifier: Apache-2.0

/// Where the responses of one connection begin and end, and what is read of them (RFC 9112).
///
/// It holds no bytes but those of a line that is cut by the end of a read. Where the standard leaves
/// a choice between repair and refusal it refuses: a line ends with CR LF alone (§2.2), a field is
/// not folded (§5.2) and its name touches its colon (§5.1), a length is said once (§6.3), in one way,
/// and there is no coding but `chunked` (§6.1). Two readers that repair differently disagree about
/// where a response ends, which is how one caller's answer becomes another's.
///
/// ```
///             status line           blank line
///   status ────────────────► fields ──────────┬─► over: 204, 304, or a length of zero
///     ▲  ▲   1xx, blank line   │              ├─► counted ─► over
///     │  └─────────────────────┘              ├─► chunkSize ─► chunk ─► chunkEnd ─► chunkSize
///     │                                       │       └─ 0 ─► trailers ─► over
///     └────────────────── over                └─► untilClose ─► (closed)
/// ```
struct ResponseReader: ~Copyable {
  /// Bounds on what is not a body.
  struct Limits: Equatable {
    /// Of a status line, a field or a trailer.
    var lineBytes = 16 * 1024
    /// Of a response's lines together, trailers included; an interim response is one of its own.
    var headBytes = 64 * 1024
    /// Of a head, and of the trailers.
    var fields = 128
    /// Of a chunk's size and whatever else stands in its line (§7.1.1).
    var chunkLineBytes = 256
  }

  enum OnBytes: Equatable {
    /// The bytes are used up.
    case wait
    /// A head is whole; that of an interim response has its status below 200.
    case head(ResponseHead)
    /// So much of the bytes is the body's.
    case body(Range<Int>)
    /// The response is whole.
    case end
  }

  private enum State: Equatable {
    case status
    case fields
    case counted(rest: Int)
    case chunkSize
    case chunk(rest: Int)
    case chunkEnd
    case trailers
    case untilClose
    case over
    /// What is wrong stays wrong.
    case broken
  }

  private let limits: Limits
  private var state = State.status
  private var line = LineReader()
  private var head = ResponseHead()
  private var headBytes = 0
  private var fields = 0

  init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Reads on. To be asked until it answers `wait`, or `end`: what follows then is another response.
  ///
  /// - Parameters:
  ///   - bytes: what one read brought.
  ///   - position: how much of that is read.
  mutating func next(
    in bytes: Span<UInt8>, from position: inout Int
  ) throws(ExchangeFailure.Malformation) -> OnBytes {
    do {
      while true {
        if let answer = try self.step(in: bytes, from: &position) { return answer }
      }
    } catch {
      self.state = .broken
      throw error
    }
  }

  /// The peer has closed. True if that is where the response ends (§6.3, case 8).
  mutating func closed() -> Bool {
    defer { self.state = .broken }
    return self.state == .untilClose
  }

  /// Reads a line or a part of a body; answers nil if that is nothing to tell of.
  private mutating func step(
    in bytes: Span<UInt8>, from position: inout Int
  ) throws(ExchangeFailure.Malformation) -> OnBytes? {
    switch self.state {
    case .status, .fields, .chunkSize, .chunkEnd, .trailers:
      switch try self.line.next(in: bytes, from: &position, limit: self.lineLimit) {
      case .wait:
        // A peer that greets first, or speaks another protocol, may never end its line.
        if self.state == .status, !self.line.held.span.mayBeginStatusLine { throw .notHTTP }
        return .wait
      case .whole(let range): return try self.received(bytes.extracting(range))
      case .pieced(let line): return try self.received(line.span)
      }
    case .counted(let rest):
      guard let range = Self.take(rest, of: bytes, from: &position) else { return .wait }
      self.state = range.count == rest ? .over : .counted(rest: rest - range.count)
      return .body(range)
    case .chunk(let rest):
      guard let range = Self.take(rest, of: bytes, from: &position) else { return .wait }
      self.state = range.count == rest ? .chunkEnd : .chunk(rest: rest - range.count)
      return .body(range)
    case .untilClose:
      return Self.take(.max, of: bytes, from: &position).map { .body($0) } ?? .wait
    case .over:
      self.state = .status
      self.headBytes = 0
      return .end
    case .broken:
      throw .notHTTP
    }
  }

  private static func take(
    _ count: Int, of bytes: Span<UInt8>, from position: inout Int
  ) -> Range<Int>? {
    let range = position..<position + min(count, bytes.count - position)
    position = range.upperBound
    return range.isEmpty ? nil : range
  }
}

// MARK: - Lines

extension ResponseReader {
  private var lineLimit: Int {
    switch self.state {
    case .chunkSize: self.limits.chunkLineBytes
    // The bytes of a chunk are followed by nothing but the end of their line.
    case .chunkEnd: 0
    default: min(self.limits.lineBytes, self.limits.headBytes - self.headBytes)
    }
  }

  private mutating func received(
    _ line: Span<UInt8>
  ) throws(ExchangeFailure.Malformation) -> OnBytes? {
    switch self.state {
    case .status:
      self.headBytes += line.count
      self.head = try ResponseHead(statusLine: line)
      self.fields = 0
      self.state = .fields
    case .fields where line.isEmpty:
      self.state = try self.afterHead()
      // Any number of interim responses may come (RFC 9110 §15.2): time bounds them, and no memory
      // is held for them.
      if self.state == .status { self.headBytes = 0 }
      return .head(self.head)
    case .fields:
      try self.countField(line)
      try self.head.add(field: line)
    case .chunkSize:
      let size = try Self.chunkSize(line)
      self.fields = 0
      self.state = size == 0 ? .trailers : .chunk(rest: size)
    case .trailers where line.isEmpty:
      self.state = .over
    case .trailers:
      // Nobody waits for a trailer; what it may say was to be said before (§7.1.2).
      try self.countField(line)
      guard FieldLine(line) != nil else { throw .notHTTP }
    default:
      self.state = .chunkSize
    }
    return nil
  }

  private mutating func countField(_ line: Span<UInt8>) throws(ExchangeFailure.Malformation) {
    self.headBytes += line.count
    self.fields += 1
    guard self.fields <= self.limits.fields else { throw .notHTTP }
  }

  /// How the body ends (§6.3).
  private func afterHead() throws(ExchangeFailure.Malformation) -> State {
    switch try self.head.framing() {
    case .interim: .status
    case .none, .counted(0): .over
    case .counted(let length): .counted(rest: length)
    case .chunked: .chunkSize
    case .untilClose: .untilClose
    }
  }

  /// Reads `chunk-size [chunk-ext]`; extensions mean nothing here (§7.1.1).
  private static func chunkSize(
    _ line: Span<UInt8>
  ) throws(ExchangeFailure.Malformation) -> Int {
    var size = 0
    var digits = 0
    while digits < line.count, let digit = line[digits].hexDigit {
      // 60 bits are more than any body's, and cannot overflow.
      guard digits < 15 else { throw .notHTTP }
      size = size << 4 | digit
      digits += 1
    }
    let rest = line.trimmed(digits..<line.count)
    guard digits > 0, rest.isEmpty || line[rest.lowerBound] == UInt8(ascii: ";") else {
      throw .notHTTP
    }
    return size
  }
}

extension UInt8 {
  fileprivate var hexDigit: Int? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
