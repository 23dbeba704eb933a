// SPDX-License-Identifier: Apache-2.0

/// How far a watcher knows one thing.
package struct WatchPosition: Equatable, Sendable {
  package let thingName: String
  /// Of the gateway's memory of the thing: a number of another memory means nothing in this one.
  package let incarnation: UInt64
  /// Nil for nothing yet.
  package var sequence: UInt64?

  package init(thingName: String, incarnation: UInt64, sequence: UInt64? = nil) {
    self.thingName = thingName
    self.incarnation = incarnation
    self.sequence = sequence
  }
}

/// What a watcher shows when it comes back: its positions, as bytes.
///
///     1 byte    1, the version of this form
///     1 byte    the number of positions
///     8 bytes   of each: the incarnation, big-endian
///     8 bytes   the sequence number, big-endian
///
/// The names are left out: the incarnation is random and belongs to one thing. To forge one gains
/// nothing but to miss changes.
package enum ResumeToken {
  private static let version: UInt8 = 1

  package static func encode(_ positions: [WatchPosition]) -> [UInt8] {
    let known = positions.lazy.compactMap { position in
      position.sequence.map { (position.incarnation, $0) }
    }.prefix(Int(UInt8.max))
    var bytes: [UInt8] = [self.version, UInt8(known.count)]
    bytes.reserveCapacity(2 + 16 * known.count)
    for (incarnation, sequence) in known {
      self.append(incarnation, to: &bytes)
      self.append(sequence, to: &bytes)
    }
    return bytes
  }

  /// - Returns: Sequence numbers by incarnation; nil for bytes that are no token.
  package static func decode(_ bytes: [UInt8]) -> [UInt64: UInt64]? {
    if bytes.isEmpty { return [:] }
    guard bytes.count >= 2, bytes[0] == self.version, bytes.count == 2 + 16 * Int(bytes[1])
    else { return nil }
    var sequences: [UInt64: UInt64] = [:]
    for position in stride(from: 2, to: bytes.count, by: 16) {
      sequences[self.number(in: bytes, at: position)] = self.number(in: bytes, at: position + 8)
    }
    return sequences
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  private static func number(in bytes: [UInt8], at position: Int) -> UInt64 {
    bytes[position..<position + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
