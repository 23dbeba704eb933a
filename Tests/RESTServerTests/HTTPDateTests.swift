// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RESTServer

struct HTTPDateTests {
  @Test(
    arguments: [
      (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (1_767_323_045, "Fri, 02 Jan 2026 03:04:05 GMT"),
      (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
      (.max, "Fri, 31 Dec 9999 23:59:59 GMT"), (.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ] as [(Int64, String)])
  func `a date has the fixed form`(epochSeconds: Int64, text: String) {
    #expect(HTTPDate(epochSeconds: epochSeconds).text == text)
  }

  @Test func `a date moves with the clock, there and back`() {
    var date = HTTPDate(epochSeconds: 59)
    date.move(to: 60)
    #expect(date.text == "Thu, 01 Jan 1970 00:01:00 GMT")
    date.move(to: 59)
    #expect(date.text == "Thu, 01 Jan 1970 00:00:59 GMT")
  }
}
