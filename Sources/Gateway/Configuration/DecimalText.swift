// SPDX-License-Identifier: Apache-2.0

/// Numbers as people write them, read without a locale.
enum DecimalText {
  /// Calls a second. A rate below the least would make waits that nobody sits out, and sums of
  /// nanoseconds that no 64 bits hold.
  static let rates = 0.001...1_000_000
  static let ratesInWords = "a number from 0.001 to 1000000"

  static let bursts = 1...1_000_000

  /// Calls a second, `10` or `0.5`; nil for anything else, numbers with an exponent included.
  static func rate(_ text: some StringProtocol) -> Double? {
    guard let number = self.number(text), self.rates.contains(number) else { return nil }
    return number
  }

  static func burst(_ text: some StringProtocol) -> Int? {
    guard let number = Int(text), self.bursts.contains(number) else { return nil }
    return number
  }

  /// Digits with at most one point among them. `Double` alone would also take signs, `inf`, `nan`
  /// and hexadecimal.
  static func number(_ text: some StringProtocol) -> Double? {
    let isDecimal = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
    }
    return isDecimal ? Double(text) : nil
  }

  /// A count of bytes, alone or in the units `KiB`, `MiB` and `GiB`.
  static func byteCount(_ text: String) -> Int? {
    let units: [(suffix: String, bytes: Int)] = [
      ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]
    let unit = units.first { text.hasSuffix($0.suffix) } ?? ("", 1)
    guard let count = Int(text.dropLast(unit.suffix.count)), count >= 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    return overflow ? nil : product
  }
}
