// SPDX-License-Identifier: Apache-2.0

/// Takes bytes apart into lines that end with CR LF, and hold no other control character than tabs.
///
/// A line that lies whole in the bytes of one read is not copied.
struct LineReader: ~Copyable {
  enum OnBytes: Equatable {
    /// The line goes on in the next read.
    case wait
    /// A line, without its end, lies here in the bytes.
    case whole(Range<Int>)
    /// A line, without its end, of which a part came before.
    case pieced([UInt8])
  }

  /// What is there of a line that goes on.
  private(set) var held: [UInt8] = []
  private var sawReturn = false

  /// - Parameters:
  ///   - position: where the line begins, or goes on.
  ///   - limit: on the bytes of the line without its end.
  mutating func next(
    in bytes: Span<UInt8>, from position: inout Int, limit: Int
  ) throws(ExchangeFailure.Malformation) -> OnBytes {
    let start = position
    let end = self.sawReturn ? start : bytes.endOfText(from: start)
    guard self.held.count + end - start <= limit else { throw .notHTTP }
    position = end
    if !self.sawReturn, position < bytes.count {
      guard bytes[position] == UInt8(ascii: "\r") else { throw .notHTTP }
      self.sawReturn = true
      position += 1
    }
    guard position < bytes.count else {
      self.hold(bytes.extracting(start..<end))
      return .wait
    }
    guard bytes[position] == UInt8(ascii: "\n") else { throw .notHTTP }
    self.sawReturn = false
    position += 1
    guard !self.held.isEmpty else { return .whole(start..<end) }
    self.hold(bytes.extracting(start..<end))
    defer { self.held = [] }
    return .pieced(self.held)
  }

  private mutating func hold(_ bytes: Span<UInt8>) {
    for index in bytes.indices { self.held.append(bytes[index]) }
  }
}

extension Span<UInt8> {
  /// The first byte that no line can hold (RFC 9110 §5.5).
  fileprivate func endOfText(from start: Int) -> Int {
    var index = start
    while index < self.count, self[index] >= 0x20 || self[index] == 0x09, self[index] != 0x7f {
      index += 1
    }
    return index
  }
}
