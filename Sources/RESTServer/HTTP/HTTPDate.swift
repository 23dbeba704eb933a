// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// The `Date` of an answer, written once a second (RFC 9110 §5.6.7, IMF-fixdate).
struct HTTPDate {
  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  private(set) var text: String
  private var epochSeconds: Int64

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  init(epochSeconds: Int64) {
    self.epochSeconds = epochSeconds
    self.text = Self.text(for: epochSeconds)
  }

  mutating func move(to epochSeconds: Int64) {
    guard epochSeconds != self.epochSeconds else { return }
    self = HTTPDate(epochSeconds: epochSeconds)
  }

  private static func text(for epochSeconds: Int64) -> String {
    let time = CivilTime(clampingEpochSeconds: epochSeconds)
    let date = "\(Self.digits(time.day)) \(Self.months[Int(time.month) - 1]) \(time.year)"
    let clock = [time.hour, time.minute, time.second].map(Self.digits).joined(separator: ":")
    return "\(Self.weekdays[time.weekday]), \(date) \(clock) GMT"
  }

  private static func digits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
