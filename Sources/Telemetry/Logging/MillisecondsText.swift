// SPDX-License-Identifier: Apache-2.0

/// A duration as log lines have it: milliseconds with three decimals, `12.345`.
package struct MillisecondsText: CustomStringConvertible {
  private let microseconds: UInt64

  package init(microseconds: UInt64) {
    self.microseconds = microseconds
  }

  /// What is less than a microsecond is left out; a clock that stepped back counts as none.
  package init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let isNegative = seconds < 0 || attoseconds < 0
    self.microseconds =
      isNegative ? 0 : UInt64(seconds) &* 1_000_000 &+ UInt64(attoseconds / 1_000_000_000_000)
  }

  package var description: String {
    let (whole, rest) = self.microseconds.quotientAndRemainder(dividingBy: 1_000)
    // A thousand more keeps the zeros in front.
    return "\(whole).\(String(rest + 1_000).dropFirst())"
  }
}
