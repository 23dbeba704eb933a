// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Telemetry

@Suite struct MetricNumberTests {
  @Test(arguments: [
    (0, 0, "0"), (7, 0, "7"), (-7, 0, "-7"), (10, 0, "10"), (.max, 0, "9223372036854775807"),
    (.min, 0, "-9223372036854775808"), (0, 9, "0"), (1, 9, "0.000000001"), (1_500_000, 9, "0.0015"),
    (2_000_000_000, 9, "2"), (2_100_000_000, 9, "2.1"), (100_000_000_000, 9, "100"),
    (-1_500, 3, "-1.5"), (50_000, 3, "50"), (.max, 9, "9223372036.854775807"),
  ])
  func `numbers are exact decimals`(units: Int64, decimals: Int, expected: String) {
    #expect(MetricNumber(units, decimals: decimals).text == expected)
  }

  @Test func `what no counter reaches is as large as can be`() {
    #expect(MetricNumber(clamping: .max).text == "9223372036854775807")
    #expect(MetricNumber.seconds(nanoseconds: .max).text == "9223372036.854775807")
  }

  @Test func `a chart's number is about the same`() {
    #expect(MetricNumber(1_500_000, decimals: 9).approximation == 0.0015)
    #expect(MetricNumber(-3).approximation == -3)
  }
}
