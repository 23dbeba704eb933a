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
