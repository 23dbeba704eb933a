// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct DecimalTextTests {
  @Test(arguments: [
    ("10", 10), ("0.5", 0.5), ("0.001", 0.001), ("1000000", 1e6), ("007", 7), ("2.50", 2.5),
  ])
  func `rates are decimal numbers`(text: String, expected: Double) {
    #expect(DecimalText.rate(text) == expected)
  }

  @Test(arguments: [
    "", ".", "0", "0.0009", "1000000.1", "-1", "+1", "1e3", "0x10", "inf", "nan", "1,5", "1 ",
    "1.2.3", "١", "10/s",
  ])
  func `what is no rate is refused`(text: String) {
    #expect(DecimalText.rate(text) == nil)
  }

  @Test(arguments: [
    ("0", 0), ("1024", 1_024), ("64KiB", 65_536), ("16MiB", 16_777_216), ("1GiB", 1_073_741_824),
  ])
  func `sizes may carry a unit`(text: String, expected: Int) {
    #expect(DecimalText.byteCount(text) == expected)
  }

  @Test(arguments: [
    "", "KiB", "16MB", "16 MiB", "1.5MiB", "-1", "-1KiB", "16mib", "9223372036854775807GiB",
  ])
  func `what is no size is refused`(text: String) {
    #expect(DecimalText.byteCount(text) == nil)
  }
}
