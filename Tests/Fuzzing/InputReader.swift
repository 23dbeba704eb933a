// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit

/// Takes an input apart: a few choices from its first bytes, then the text that is tested.
struct InputReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    self.rest = bytes[...]
  }

  /// The next byte; 0 when there are no more, so that every input means something.
  mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

  /// The next bytes, fewer when there are no more.
  mutating func take(_ count: Int) -> [UInt8] {
    defer { self.rest = self.rest.dropFirst(count) }
    return Array(self.rest.prefix(count))
  }

  /// The bytes up to the next line feed, which is dropped.
  mutating func line() -> ArraySlice<UInt8> {
    let line = self.rest.prefix { $0 != UInt8(ascii: "\n") }
    self.rest = self.rest.dropFirst(line.count + 1)
    return line
  }

  var isEmpty: Bool { self.rest.isEmpty }
}

extension Collection where Element == UInt8 {
  /// Chance that is the same for the same bytes: FNV-1a seeds it.
  var chance: SplitMix64 {
    let hash = self.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    return SplitMix64(seed: hash)
  }
}

extension ArraySlice<UInt8> {
  /// These bytes in pieces of 1 to `longest`.
  func pieces(upTo longest: Int) -> [ArraySlice<UInt8>] {
    var chance = self.chance
    var pieces: [ArraySlice<UInt8>] = []
    var rest = self
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...longest, using: &chance))
      pieces.append(piece)
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
}
