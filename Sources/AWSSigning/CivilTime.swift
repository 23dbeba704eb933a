// SPDX-License-Identifier: Apache-2.0

/// A date and a time of day, UTC, in the proleptic Gregorian calendar.
///
/// The conversions are the well-known ones by eras of 400 years that begin in March (Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms"). No Foundation: its formatters cost more than a
/// whole signature.
package struct CivilTime: Equatable, Sendable {
  package var year: Int64
  /// From 1 to 12.
  package var month: Int64
  /// From 1 to 31.
  package var day: Int64
  package var hour: Int64
  package var minute: Int64
  package var second: Int64

  static let secondsPerDay: Int64 = 86_400

  /// From the beginning of 1970 to the end of 9999: what the forms on the wire have room for.
  static let epochSecondsOnWire: ClosedRange<Int64> = 0...253_402_300_799

  init(year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// The time so many seconds after the beginning of 1970 (UTC). Times outside of the years 1970 to
  /// 9999 are moved to the nearer end.
  package init(clampingEpochSeconds epochSeconds: Int64) {
    self.init(epochSeconds: epochSeconds.clamped(to: Self.epochSecondsOnWire))
  }

  /// Expects seconds within some millions of years of 1970.
  init(epochSeconds: Int64) {
    let secondOfDay = Self.floorModulo(epochSeconds, Self.secondsPerDay)
    let dayNumber = (epochSeconds - secondOfDay) / Self.secondsPerDay
    // Days since 0000-03-01, then the day within its era of 146,097 days.
    let shifted = dayNumber + 719_468
    let dayOfEra = Self.floorModulo(shifted, 146_097)
    let era = (shifted - dayOfEra) / 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    self.day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    self.month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    self.hour = secondOfDay / 3_600
    self.minute = secondOfDay / 60 % 60
    self.second = secondOfDay % 60
  }

  var epochSeconds: Int64 {
    let year = self.month <= 2 ? self.year - 1 : self.year
    let yearOfEra = Self.floorModulo(year, 400)
    let era = (year - yearOfEra) / 400
    let monthFromMarch = self.month > 2 ? self.month - 3 : self.month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + self.day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let dayNumber = era * 146_097 + dayOfEra - 719_468
    return dayNumber * Self.secondsPerDay + self.hour * 3_600 + self.minute * 60 + self.second
  }

  /// Days since Sunday, from 0 to 6.
  package var weekday: Int {
    let dayNumber =
      (self.epochSeconds - Self.floorModulo(self.epochSeconds, Self.secondsPerDay))
      / Self.secondsPerDay
    // The first day of 1970 was a Thursday.
    return Int(Self.floorModulo(dayNumber + 4, 7))
  }

  /// True if there was such a second. Leap seconds count as none, as they do in POSIX time.
  var exists: Bool {
    guard 0...23 ~= self.hour, 0...59 ~= self.minute, 0...59 ~= self.second else { return false }
    guard 0...9_999 ~= self.year, 1...12 ~= self.month, 1...31 ~= self.day else { return false }
    return CivilTime(epochSeconds: self.epochSeconds) == self
  }

  /// Reads `2026-01-02T03:04:05Z`, with or without a fraction (which is dropped), with `Z` or an
  /// offset such as `+00:00`. Nil for anything else.
  package static func epochSeconds(iso8601 text: String) -> Int64? {
    var reader = DigitReader(text: text)
    guard let year = reader.number(digits: 4), reader.take("-"),
      let month = reader.number(digits: 2), reader.take("-"),
      let day = reader.number(digits: 2), reader.take("T"),
      let hour = reader.number(digits: 2), reader.take(":"),
      let minute = reader.number(digits: 2), reader.take(":"),
      let second = reader.number(digits: 2)
    else { return nil }
    let time = CivilTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    if reader.take(".") {
      guard reader.skipDigits() > 0 else { return nil }
    }
    guard time.exists, let offset = reader.offsetSeconds(), reader.isAtEnd else { return nil }
    return time.epochSeconds - offset
  }

  private static func floorModulo(_ value: Int64, _ modulus: Int64) -> Int64 {
    let remainder = value % modulus
    return remainder < 0 ? remainder + modulus : remainder
  }
}

extension Int64 {
  func clamped(to limits: ClosedRange<Int64>) -> Int64 {
    Swift.min(Swift.max(self, limits.lowerBound), limits.upperBound)
  }
}

/// Takes fixed-width numbers and punctuation off the front of a text.
struct DigitReader {
  private var rest: Substring.UTF8View

  init(text: String) {
    self.rest = text[...].utf8
  }

  var isAtEnd: Bool { self.rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard self.rest.first == UInt8(ascii: character) else { return false }
    self.rest.removeFirst()
    return true
  }

  mutating func number(digits count: Int) -> Int64? {
    var number: Int64 = 0
    for _ in 0..<count {
      guard let digit = self.takeDigit() else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  /// The number of digits skipped.
  mutating func skipDigits() -> Int {
    var count = 0
    while self.takeDigit() != nil { count += 1 }
    return count
  }

  /// `Z` or `+hh:mm`, at most a day either way.
  mutating func offsetSeconds() -> Int64? {
    if self.take("Z") { return 0 }
    let sign: Int64
    if self.take("+") {
      sign = 1
    } else if self.take("-") {
      sign = -1
    } else {
      return nil
    }
    guard let hours = self.number(digits: 2), self.take(":"), let minutes = self.number(digits: 2),
      hours < 24, minutes < 60
    else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }

  private mutating func takeDigit() -> Int64? {
    guard let byte = self.rest.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else {
      return nil
    }
    self.rest.removeFirst()
    return Int64(byte - UInt8(ascii: "0"))
  }
}
