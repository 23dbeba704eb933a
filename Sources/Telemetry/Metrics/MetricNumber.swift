// SPDX-License-Identifier: Apache-2.0

/// An exact decimal number: so many units of a power of ten.
///
/// What is measured are whole nanoseconds, bytes and calls. They are shown in base units without
/// passing through floating point, so that what a scrape says is what was counted.
package struct MetricNumber: Equatable, Sendable {
  package let units: Int64
  /// How many of the digits stand behind the point: 9 for nanoseconds shown as seconds.
  package let decimals: Int

  package init(_ units: Int64, decimals: Int = 0) {
    self.units = units
    self.decimals = decimals
  }

  /// A count; one that does not fit, which no counter reaches, is as large as can be.
  package init(clamping count: UInt64) {
    self.init(Int64(clamping: count))
  }

  package static func seconds(nanoseconds: UInt64) -> MetricNumber {
    MetricNumber(Int64(clamping: nanoseconds), decimals: 9)
  }

  /// For charts, where the last digits do not matter.
  package var approximation: Double {
    var scale = 1.0
    for _ in 0..<self.decimals { scale *= 10 }
    return Double(self.units) / scale
  }

  package var text: String {
    var bytes: [UInt8] = []
    self.append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes the number without zeros that say nothing: 1,500,000 ns are `0.0015`.
  ///
  /// - Parameter keepsPoint: a whole number gets `.0`, as OpenMetrics writes the bounds of buckets.
  func append(to bytes: inout [UInt8], keepsPoint: Bool = false) {
    if self.units < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = self.units.magnitude
    var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
    var first = digits.count
    while rest > 0 {
      first -= 1
      digits[first] += UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    let point = digits.count - self.decimals
    for index in min(first, point - 1)..<point { bytes.append(digits[index]) }
    var end = digits.count
    while end > point && digits[end - 1] == UInt8(ascii: "0") { end -= 1 }
    if end > point {
      bytes.append(UInt8(ascii: "."))
      for index in point..<end { bytes.append(digits[index]) }
    } else if keepsPoint {
      bytes.append(contentsOf: ".0".utf8)
    }
  }
}
