// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Telemetry

@Suite struct MillisecondsTextTests {
  @Test(arguments: [
    (UInt64(0), "0.000"), (1, "0.001"), (999, "0.999"), (1_000, "1.000"), (12_345, "12.345"),
    (60_000_020, "60000.020"),
  ])
  func `microseconds are three decimals`(microseconds: UInt64, text: String) {
    #expect("\(MillisecondsText(microseconds: microseconds))" == text)
    #expect("\(MillisecondsText(.microseconds(Int64(microseconds))))" == text)
  }

  @Test func `less than a microsecond is left out, and a clock that stepped back is none`() {
    #expect("\(MillisecondsText(.nanoseconds(1_999)))" == "0.001")
    #expect("\(MillisecondsText(.nanoseconds(-1)))" == "0.000")
    #expect("\(MillisecondsText(.seconds(-5)))" == "0.000")
  }
}
