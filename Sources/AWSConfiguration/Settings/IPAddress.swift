// SPDX-License-Identifier: Apache-2.0

/// An address in text form, as bytes in network order.
///
/// IPv4 is four decimal numbers without leading zeros; IPv6 is any form of RFC 4291 section 2.2
/// without a zone. Names and shorthands such as `127.1` are no addresses.
package struct IPAddress: Hashable, Sendable {
  /// Four or sixteen.
  package let bytes: [UInt8]

  package init?(_ text: some StringProtocol) {
    let bytes = text.utf8.contains(UInt8(ascii: ":")) ? Self.v6(text) : Self.v4(text)
    guard let bytes else { return nil }
    self.bytes = bytes
  }

  package var isLoopback: Bool {
    self.bytes.count == 4
      ? self.bytes[0] == 127 : self.bytes.last == 1 && self.bytes.dropLast().allSatisfy { $0 == 0 }
  }

  /// True if both are of one kind and the first `length` bits are the same.
  package func shares(prefixLength length: Int, with other: IPAddress) -> Bool {
    guard self.bytes.count == other.bytes.count, 0...(self.bytes.count * 8) ~= length else {
      return false
    }
    let whole = length / 8
    guard self.bytes[..<whole].elementsEqual(other.bytes[..<whole]) else { return false }
    let rest = length % 8
    guard rest > 0 else { return true }
    return (self.bytes[whole] ^ other.bytes[whole]) >> UInt8(8 - rest) == 0
  }

  private static func v4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard part.utf8.count == 1 || !part.hasPrefix("0"), Self.isDigits(part),
        let byte = UInt8(part)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func isDigits(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }

  private static func v6(_ text: some StringProtocol) -> [UInt8]? {
    // The longest form has 45 characters.
    guard text.utf8.count <= 45 else { return nil }
    let halves = Self.halves(Array(text.utf8))
    guard halves.count <= 2, let head = Self.groups(halves[0], mayEndInV4: halves.count == 1) else {
      return nil
    }
    guard halves.count == 2 else { return head.count == 16 ? head : nil }
    guard let tail = Self.groups(halves[1], mayEndInV4: true), head.count + tail.count <= 14 else {
      return nil
    }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  /// What stands around each `::`.
  private static func halves(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    var halves: [ArraySlice<UInt8>] = []
    var start = 0
    var index = 0
    while index < text.count {
      let isGap =
        text[index] == UInt8(ascii: ":") && index + 1 < text.count
        && text[index + 1] == UInt8(ascii: ":")
      if isGap {
        halves.append(text[start..<index])
        start = index + 2
      }
      index += isGap ? 2 : 1
    }
    return halves + [text[start...]]
  }

  private static func groups(_ text: ArraySlice<UInt8>, mayEndInV4: Bool) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, group) in groups.enumerated() {
      if mayEndInV4, index == groups.count - 1, group.contains(UInt8(ascii: ".")) {
        guard let v4 = Self.v4(String(decoding: group, as: UTF8.self)) else { return nil }
        bytes += v4
      } else {
        guard let value = Self.hexadecimal(group) else { return nil }
        bytes += [UInt8(value >> 8), UInt8(value & 0xff)]
      }
    }
    return bytes
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard 1...4 ~= digits.count else { return nil }
    var value: UInt16 = 0
    for digit in digits {
      // The conversion takes a sign too, which a single character cannot be.
      guard let nibble = UInt16(String(decoding: [digit], as: UTF8.self), radix: 16) else {
        return nil
      }
      value = value << 4 | nibble
    }
    return value
  }
}
