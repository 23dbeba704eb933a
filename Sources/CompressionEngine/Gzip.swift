// SPDX-License-Identifier: Apache-2.0

// CompressionEngine is the fence around zlib: whole messages in, whole messages out, in the gzip
// format (RFC 1952). It knows how much may come out, and refuses to know what is in it.

/// gzip of whole messages.
///
/// As gzip(1) and the gRPC stacks of C++ and Go do, a sequence of gzip members is one message, the
/// members' contents one after another (RFC 1952 §2.2). Unlike gzip(1), and like those stacks, it
/// takes nothing else behind the last member, not even zeros: a message has no tape block to fill.
package enum Gzip {
  /// Inflates a whole message.
  ///
  /// What a bomb costs is bounded by `limitBytes`, in memory and in time: it is given up with the
  /// first byte over.
  ///
  /// - Parameter limitBytes: The greatest message accepted, inflated.
  package static func inflate(
    _ bytes: Span<UInt8>, limitBytes: Int
  ) throws(CompressionError) -> [UInt8] {
    var stream = try InflateStream()
    return try stream.inflate(bytes, limitBytes: limitBytes)
  }

  /// Adds a whole message, deflated into one member, to a buffer.
  ///
  /// - Parameter level: 1 is fastest, 9 smallest. The default is the former: callers are mostly on
  ///   this very machine, where time counts for more than bytes.
  package static func deflate(
    _ bytes: Span<UInt8>, into buffer: inout [UInt8], level: Int32 = 1
  ) throws(CompressionError) {
    var stream = try DeflateStream(for: bytes.count, level: level)
    try stream.deflate(bytes, into: &buffer)
  }
}
