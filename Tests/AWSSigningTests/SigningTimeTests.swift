// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Foundation
import Testing

struct SigningTimeTests {
  @Test(arguments: [
    (0, "19700101T000000Z"), (1_440_938_160, "20150830T123600Z"),
    (1_709_251_199, "20240229T235959Z"), (1_767_225_599, "20251231T235959Z"),
    (1_767_225_600, "20260101T000000Z"), (2_147_483_647, "20380119T031407Z"),
    (4_107_542_400, "21000301T000000Z"), (253_402_300_799, "99991231T235959Z"),
  ])
  func `a second has one stamp`(seconds: Int64, stamp: String) {
    #expect(SigningTime(epochSeconds: seconds).text == stamp)
    #expect(SigningTime(stamp: stamp)?.epochSeconds == seconds)
  }

  @Test(arguments: [
    ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
  ])
  func `a date of HTTP is read`(text: String, seconds: Int64) {
    #expect(CivilTime.epochSeconds(httpDate: text) == seconds)
  }

  @Test(arguments: [
    "", "GMT", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
    "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun,  06 Nov 1994 08:49 GMT",
  ])
  func `what is no date of HTTP is none`(text: String) {
    #expect(CivilTime.epochSeconds(httpDate: text) == nil)
  }

  @Test func `random seconds agree with Foundation's calendar`() {
    var random = SystemRandomNumberGenerator()
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = .gmt
    for _ in 0..<2_000 {
      let seconds = Int64.random(in: 0...253_402_300_799, using: &random)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second],
        from: Date(timeIntervalSince1970: TimeInterval(seconds)))
      let expected = String(
        format: "%04d%02d%02dT%02d%02d%02dZ", parts.year ?? -1, parts.month ?? -1,
        parts.day ?? -1, parts.hour ?? -1, parts.minute ?? -1, parts.second ?? -1)
      let time = SigningTime(epochSeconds: seconds)
      #expect(time.text == expected)
      #expect(SigningTime(stamp: expected) == time)
    }
  }

  @Test(arguments: [
    "", "Z", "20260102T030405", "20260102 030405Z", "2026-01-02T03:04:05Z", "20260102T030405z",
    "20260102T030405Z ", " 20260102T030405Z", "20261302T030405Z", "20260002T030405Z",
    "20260132T030405Z", "20260100T030405Z", "20250229T000000Z", "21000229T000000Z",
    "20260102T240000Z", "20260102T036005Z", "20260102T030460Z", "19691231T235959Z",
    "+0260102T030405Z", "2026010２T030405Z", "20260102T0304055Z",
  ])
  func `what names no second is no stamp`(text: String) {
    #expect(SigningTime(stamp: text) == nil)
  }

  @Test func `times beyond the form are moved to its ends`() {
    #expect(SigningTime(epochSeconds: .min).text == "19700101T000000Z")
    #expect(SigningTime(epochSeconds: .max).text == "99991231T235959Z")
    #expect(SigningTime(epochSeconds: 1).adding(seconds: .min).text == "19700101T000000Z")
    #expect(SigningTime(epochSeconds: 1).adding(seconds: .max).text == "99991231T235959Z")
  }
}
