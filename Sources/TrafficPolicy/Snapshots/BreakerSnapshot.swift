// SPDX-License-Identifier: Apache-2.0

/// Whether AWS is called.
package struct BreakerSnapshot: Equatable, Sendable {
  package enum State: String, CaseIterable, Sendable {
    /// It is.
    case closed
    /// A few calls find out how it is.
    case halfOpen = "half_open"
    /// It is left alone.
    case open
  }

  package var state: State
  /// In a row, as long as it is closed.
  package var failures: Int
  /// As long as it is open.
  package var retryAfterMilliseconds: Int64?
}
