// SPDX-License-Identifier: Apache-2.0

import CompressionEngine

/// The five bytes in front of every message (PROTOCOL-HTTP2.md, Length-Prefixed-Message): a flag
/// that says whether it is compressed, and its length, big-endian.
package enum MessageFraming {
  package static let prefixBytes = 5

  /// Frames a message that is written in place, so that it is never copied.
  ///
  /// - Parameters:
  ///   - buffer: Gets the prefix, then what `encode` appends.
  ///   - encode: Appends the message's bytes, and changes nothing before them.
  package static func appendMessage<Failure: Error>(
    to buffer: inout [UInt8], encode: (inout [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    let start = self.reservePrefix(in: &buffer)
    try encode(&buffer)
    self.completePrefix(in: &buffer, at: start)
  }

  /// Adds an empty prefix and says where it is. ``completePrefix(in:at:)`` fills it in.
  package static func reservePrefix(in buffer: inout [UInt8]) -> Int {
    let start = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: self.prefixBytes))
    return start
  }

  /// Writes the length of all that follows the prefix at `start`.
  package static func completePrefix(in buffer: inout [UInt8], at start: Int) {
    // Our own messages are far below 4 GiB.
    let count = UInt32(buffer.count - start - self.prefixBytes)
    buffer[start + 1] = UInt8(truncatingIfNeeded: count >> 24)
    buffer[start + 2] = UInt8(truncatingIfNeeded: count >> 16)
    buffer[start + 3] = UInt8(truncatingIfNeeded: count >> 8)
    buffer[start + 4] = UInt8(truncatingIfNeeded: count)
  }

  /// The frame of the same message, compressed, if that makes it smaller.
  ///
  /// - Parameter frame: One message behind its prefix, uncompressed.
  package static func compressed(_ frame: [UInt8]) -> [UInt8]? {
    var buffer: [UInt8] = []
    let start = self.reservePrefix(in: &buffer)
    do throws(CompressionError) {
      try Gzip.deflate(frame.span.extracting(self.prefixBytes...), into: &buffer)
    } catch {
      // Without memory for it the message goes out as it is.
      return nil
    }
    guard buffer.count < frame.count else { return nil }
    buffer[start] = 1
    self.completePrefix(in: &buffer, at: start)
    return buffer
  }
}
