// SPDX-License-Identifier: Apache-2.0

/// How the streams ended that closed last.
///
/// Frames for a closed stream may be the peer's mistake or may have been on their way when this end
/// reset the stream; only how it closed tells (RFC 9113 §5.1). libnghttp2 could keep closed streams
/// for this, each with all that an open one has; here they are a few bytes.
struct ClosedStreams {
  enum End: Equatable {
    /// Both ends had said that they were done.
    case finished
    case resetByPeer
    /// Reset, or refused, by this end: what the peer sent before it knew is no fault.
    case resetHere
  }

  /// As many as a peer may have open at once by default, so that none of a burst of resets is
  /// forgotten.
  static let capacity = 256

  private var streams: [(id: Int32, end: End)] = []
  private var oldest = 0

  mutating func note(_ id: Int32, _ end: End) {
    guard self.streams.count == Self.capacity else {
      self.streams.append((id, end))
      return
    }
    self.streams[self.oldest] = (id, end)
    self.oldest = (self.oldest + 1) % Self.capacity
  }

  /// Nil for a stream that never was, or that is forgotten.
  func end(of id: Int32) -> End? {
    self.streams.first { $0.id == id }?.end
  }
}
