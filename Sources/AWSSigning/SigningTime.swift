// SPDX-License-Identifier: Apache-2.0

/// One reading of the clock, for both forms in which a signature needs it.
///
/// The scope's date is the first eight digits of the time stamp, never a second reading: between
/// two readings midnight may pass.
package struct SigningTime: Hashable, Sendable {
  /// Seconds since 1970 (UTC).
  package let epochSeconds: Int64

  /// Times outside of the years 1970 to 9999 are moved to the nearer end: the form has no room
  /// for more.
  package init(epochSeconds: Int64) {
    self.epochSeconds = epochSeconds.clamped(to: CivilTime.epochSecondsOnWire)
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

  /// The stamp, `yyyymmddThhmmssZ`, made anew each time.
  package var text: String {
    let time = CivilTime(epochSeconds: self.epochSeconds)
    var stamp: [UInt8] = []
    stamp.reserveCapacity(16)
    Self.append(time.year, digits: 4, to: &stamp)
    Self.append(time.month, digits: 2, to: &stamp)
    Self.append(time.day, digits: 2, to: &stamp)
    stamp.append(UInt8(ascii: "T"))
    Self.append(time.hour, digits: 2, to: &stamp)
    Self.append(time.minute, digits: 2, to: &stamp)
    Self.append(time.second, digits: 2, to: &stamp)
    stamp.append(UInt8(ascii: "Z"))
    return String(decoding: stamp, as: UTF8.self)
  }

  /// The scope's date, `yyyymmdd`.
  package var dateText: String { String(self.text.prefix(8)) }

  /// Days since 1970: equal for two times whose signing keys are the same.
  package var dayNumber: Int64 { self.epochSeconds / CivilTime.secondsPerDay }

  package func adding(seconds: Int64) -> SigningTime {
    let (sum, overflow) = self.epochSeconds.addingReportingOverflow(seconds)
    return SigningTime(epochSeconds: overflow ? (seconds < 0 ? .min : .max) : sum)
  }

  private static func append(_ number: Int64, digits: Int, to stamp: inout [UInt8]) {
    var unit: Int64 = 1
    for _ in 1..<digits { unit *= 10 }
    while unit > 0 {
      stamp.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
      unit /= 10
    }
  }
}
