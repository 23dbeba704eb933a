// SPDX-License-Identifier: Apache-2.0

/// The value of `grpc-timeout` (PROTOCOL-HTTP2.md, Requests): one to eight digits and a unit.
package enum GRPCTimeout {
  /// Longer timeouts are cut to this, so that adding one to any clock's now cannot overflow.
  package static let greatest: Duration = .seconds(365 * 24 * 3_600)

  /// - Returns: Nil if `value` is not of the form.
  package static func parse(_ value: Span<UInt8>) -> Duration? {
    guard (2...9).contains(value.count) else { return nil }
    var amount: Int64 = 0
    for position in 0..<value.count - 1 {
      let digit = value[position]
      guard (0x30...0x39).contains(digit) else { return nil }
      amount = amount * 10 + Int64(digit - 0x30)
    }
    guard let timeout = self.duration(amount, unit: value[value.count - 1]) else { return nil }
    return min(timeout, self.greatest)
  }

  /// Writes a timeout in the finest unit that eight digits suffice for, rounded up: a server that
  /// gives up first would deny its caller an answer that is on its way. What is not positive is one
  /// nanosecond.
  package static func encode(_ timeout: Duration) -> String {
    let (seconds, attoseconds) = min(max(timeout, .nanoseconds(1)), self.greatest).components
    let units: [(suffix: String, perSecond: Int64)] = [
      ("n", 1_000_000_000), ("u", 1_000_000), ("m", 1_000),
    ]
    for unit in units {
      let attosecondsEach = 1_000_000_000_000_000_000 / unit.perSecond
      let rest = (attoseconds + attosecondsEach - 1) / attosecondsEach
      // A year has more nanoseconds than 64 bits may count.
      let (whole, isTooMany) = seconds.multipliedReportingOverflow(by: unit.perSecond)
      if !isTooMany, whole + rest <= self.greatestAmount { return "\(whole + rest)\(unit.suffix)" }
    }
    return "\(seconds + (attoseconds > 0 ? 1 : 0))S"
  }

  /// Of eight digits.
  private static let greatestAmount: Int64 = 99_999_999

  private static func duration(_ amount: Int64, unit: UInt8) -> Duration? {
    switch unit {
    case UInt8(ascii: "H"): .seconds(amount * 3_600)
    case UInt8(ascii: "M"): .seconds(amount * 60)
    case UInt8(ascii: "S"): .seconds(amount)
    case UInt8(ascii: "m"): .milliseconds(amount)
    case UInt8(ascii: "u"): .microseconds(amount)
    case UInt8(ascii: "n"): .nanoseconds(amount)
    default: nil
    }
  }
}
