// SPDX-License-Identifier: Apache-2.0

/// How full the limit for each thing is.
package struct LimiterSnapshot: Equatable, Sendable {
  package var mode: LimitMode
  /// Things that are kept track of: those that have used up something.
  package var things: Int
  package var maxThings: Int
  /// Names and prefixes with limits of their own.
  package var overrides: Int
}
