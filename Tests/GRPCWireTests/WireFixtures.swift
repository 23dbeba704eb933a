// SPDX-License-Identifier: Apache-2.0

import GRPCWire

/// Frames a message by the book, not by the code under test.
func framed(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
  let count = message.count
  return [
    flag, UInt8(count >> 24 & 0xFF), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF),
    UInt8(count & 0xFF),
  ] + message
}

extension MessageDeframer {
  mutating func messages(in bytes: [UInt8]) throws(DeframingError) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      if let message = try self.nextMessage(in: bytes.span, from: &position) {
        found.append(message)
      }
    }
    return found
  }
}

/// Random values from a seed, so that a failure can be had again.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
