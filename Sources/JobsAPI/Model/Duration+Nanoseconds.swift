// SPDX-License-Identifier: Apache-2.0

extension Duration {
  /// Whole nanoseconds, towards zero; moved to the nearer end of time if it is beyond 292 years.
  package var clampedNanoseconds: Int64 {
    let (seconds, attoseconds) = self.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    return whole.addingClamped(attoseconds / 1_000_000_000)
  }

  /// The same of a setting, for which a negative duration is none.
  package var wholeNanoseconds: Int64 { max(0, self.clampedNanoseconds) }
}
