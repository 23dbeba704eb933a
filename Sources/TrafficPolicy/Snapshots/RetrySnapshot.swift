// SPDX-License-Identifier: Apache-2.0

/// What may be repeated.
package struct RetrySnapshot: Equatable, Sendable {
  /// Tokens that are left for repeats.
  package var tokens: Int
  package var quota: Int
}
