// SPDX-License-Identifier: Apache-2.0

/// One reading of the clock, in the two forms a signature needs.
///
/// The scope's date is the first eight digits of the time stamp, never a second reading: between
/// two readings midnight may pass.
package struct SigningTime: Sendable {
  /// Seconds since 1970 (UTC).
  package let epochSeconds: Int64
  /// `yyyymmddThhmmssZ` in ASCII.
  package let stamp: InlineArray<16, UInt8>

  /// Times outside of the years 1970 to 9999 are moved to the nearer end: the form has no room
  /// for more.
  package init(epochSeconds: Int64) {
    let seconds = epochSeconds.clamped(to: CivilTime.epochSecondsOnWire)
    let time = CivilTime(epochSeconds: seconds)
    var stamp = InlineArray<16, UInt8>(repeating: UInt8(ascii: "T"))
    Self.write(time.year, digits: 4, to: &stamp, at: 0)
    Self.write(time.month, digits: 2, to: &stamp, at: 4)
    Self.write(time.day, digits: 2, to: &stamp, at: 6)
    Self.write(time.hour, digits: 2, to: &stamp, at: 9)
    Self.write(time.minute, digits: 2, to: &stamp, at: 11)
    Self.write(time.second, digits: 2, to: &stamp, at: 13)
    stamp[15] = UInt8(ascii: "Z")
    self.epochSeconds = seconds
    self.stamp = stamp
  }

  /// Reads `yyyymmddThhmmssZ`; nil if the text has another form or names no such second.
  package init?(stamp: String) {
    var reader = DigitReader(text: stamp)
    guard let year = reader.number(digits: 4), let month = reader.number(digits: 2),
      let day = reader.number(digits: 2), reader.take("T"),
      let hour = reader.number(digits: 2), let minute = reader.number(digits: 2),
      let second = reader.number(digits: 2), reader.take("Z"), reader.isAtEnd
    else { return nil }
    let time = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    guard year >= 1970, time.exists else { return nil }
    self.init(epochSeconds: time.epochSeconds)
  }

  /// The stamp as text.
  package var text: String {
    String(decoding: (0..<16).map { self.stamp[$0] }, as: UTF8.self)
  }

  /// The scope's date, `yyyymmdd`.
  package var dateText: String { String(self.text.prefix(8)) }

  /// Days since 1970: equal for two times whose signing keys are the same.
  package var dayNumber: Int64 { self.epochSeconds / CivilTime.secondsPerDay }

  package func adding(seconds: Int64) -> SigningTime {
    let (sum, overflow) = self.epochSeconds.addingReportingOverflow(seconds)
    return SigningTime(epochSeconds: overflow ? (seconds < 0 ? .min : .max) : sum)
  }

  private static func write(
    _ number: Int64, digits: Int, to stamp: inout InlineArray<16, UInt8>, at start: Int
  ) {
    var number = number
    for index in stride(from: start + digits - 1, through: start, by: -1) {
      stamp[index] = UInt8(ascii: "0") + UInt8(number % 10)
      number /= 10
    }
  }
}

extension SigningTime: Hashable {
  package static func == (left: SigningTime, right: SigningTime) -> Bool {
    left.epochSeconds == right.epochSeconds
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(self.epochSeconds)
  }
}
