// SPDX-License-Identifier: Apache-2.0

extension CivilTime {
  private static let monthNames = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads a `Date` header, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7, IMF-fixdate). Nil for
  /// anything else, the two obsolete forms included. The day of the week is passed over.
  package static func epochSeconds(httpDate text: String) -> Int64? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].utf8.count == 4, parts[0].hasSuffix(","), parts[5] == "GMT",
      let month = self.monthNames.firstIndex(where: { $0 == parts[2] })
    else { return nil }
    var date = DigitReader(text: "\(parts[1]) \(parts[3]) \(parts[4])")
    guard let day = date.number(digits: 2), date.take(" "), let year = date.number(digits: 4),
      date.take(" "), let hour = date.number(digits: 2), date.take(":"),
      let minute = date.number(digits: 2), date.take(":"), let second = date.number(digits: 2),
      date.isAtEnd
    else { return nil }
    let time = CivilTime(
      year: year, month: Int64(month) + 1, day: day, hour: hour, minute: minute, second: second)
    return time.exists ? time.epochSeconds : nil
  }
}
