// SPDX-License-Identifier: Apache-2.0

/// What a proxy's answer to CONNECT comes to, read byte by byte (RFC 9110 §9.3.6, RFC 9112 §2.1).
///
/// ```
///              status 1xx, head at its end
///                    ┌─────────┐
///                    ▼         │       status 2xx, head at its end
///   begin ──────► status ──► fields ─────────────────────────────► open
///                    │         │
///                    └─────────┴──► ended: any other status, no HTTP, too long, closed, too late
/// ```
///
/// Of a refusal nothing is read past its status line. The fields of an acceptance mean nothing, a
/// length among them: what follows the head is the far side's.
struct TunnelState: ~Copyable {
  enum OnBytes: Equatable {
    /// The answer goes on.
    case wait
    /// The tunnel is there. So many of these bytes were the proxy's; the rest is the far side's.
    case open(headBytes: Int)
    case fail(ProxyFailure)
    /// It was open before: all is the far side's.
    case pass
    /// It has failed before.
    case drop
  }

  private enum State {
    case status(line: [UInt8])
    case fields(isInterim: Bool, isLineEmpty: Bool)
    case open
    case ended
  }

  private let maxHeadBytes: Int
  private var headBytes = 0
  private var state = State.status(line: [])

  /// - Parameter maxHeadBytes: bounds the heads of the answer, interim ones included.
  init(maxHeadBytes: Int = 8192) {
    self.maxHeadBytes = maxHeadBytes
  }

  mutating func received(_ bytes: Span<UInt8>) -> OnBytes {
    switch self.state {
    case .open: return .pass
    case .ended: return .drop
    case .status, .fields: break
    }
    for index in bytes.indices {
      self.headBytes += 1
      guard self.headBytes <= self.maxHeadBytes else {
        return self.fail(.answerTooLong(limit: self.maxHeadBytes))
      }
      if let failure = self.receivedByte(bytes[index]) { return self.fail(failure) }
      if case .open = self.state { return .open(headBytes: index + 1) }
    }
    return .wait
  }

  /// The connection to the proxy is gone, or broken.
  mutating func closed(_ failure: ProxyFailure = .closed) -> OnBytes {
    switch self.state {
    case .status, .fields: self.fail(failure)
    case .open: .pass
    case .ended: .drop
    }
  }

  private mutating func receivedByte(_ byte: UInt8) -> ProxyFailure? {
    let isEnd = byte == UInt8(ascii: "\n")
    switch self.state {
    case .status(var line):
      guard isEnd else {
        line.append(byte)
        self.state = .status(line: line)
        return nil
      }
      guard let status = Self.status(ofLine: line) else { return .notHTTP }
      guard status < 300, status != 101 else { return .refused(status: status) }
      self.state = .fields(isInterim: status < 200, isLineEmpty: true)
    case .fields(let isInterim, let isLineEmpty):
      if isEnd {
        self.state =
          !isLineEmpty
          ? .fields(isInterim: isInterim, isLineEmpty: true) : isInterim ? .status(line: []) : .open
      } else if byte != UInt8(ascii: "\r") {
        self.state = .fields(isInterim: isInterim, isLineEmpty: false)
      }
    case .open, .ended: break
    }
    return nil
  }

  private mutating func fail(_ failure: ProxyFailure) -> OnBytes {
    self.state = .ended
    return .fail(failure)
  }

  /// Reads `HTTP/1.x NNN`, and what stands behind a blank after it nobody reads (RFC 9112 §4).
  private static func status(ofLine line: [UInt8]) -> Int? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard line.starts(with: "HTTP/1.".utf8), line.count >= 12, digits ~= line[7],
      line[8] == UInt8(ascii: " "), line[9...11].allSatisfy({ digits ~= $0 }),
      line.count == 12 || line[12] == UInt8(ascii: " ") || line[12] == UInt8(ascii: "\r")
    else { return nil }
    let status = line[9...11].reduce(0) { $0 * 10 + Int($1 - digits.lowerBound) }
    return status >= 100 ? status : nil
  }
}
