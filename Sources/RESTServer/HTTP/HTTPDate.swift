// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import NIOCore

/// The `Date` of an answer, written once a second (RFC 9110 §5.6.7, IMF-fixdate).
struct HTTPDate {
  /// `Sun, 06 Nov 1994 08:49:37 GMT`
  private(set) var text: String
  private var epochSeconds: Int64

  private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
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
    let time = SigningTime(epochSeconds: epochSeconds)
    // The stamp is yyyymmddThhmmssZ: the calendar is reckoned there, the words are put in here.
    let stamp = Array(time.text)
    func digits(_ range: Range<Int>) -> String { String(stamp[range]) }
    let month = Self.months[((Int(digits(4..<6)) ?? 1) + 11) % 12]
    let weekday = Self.weekdays[Int(time.dayNumber % 7)]
    return "\(weekday), \(digits(6..<8)) \(month) \(digits(0..<4)) "
      + "\(digits(9..<11)):\(digits(11..<13)):\(digits(13..<15)) GMT"
  }
}
