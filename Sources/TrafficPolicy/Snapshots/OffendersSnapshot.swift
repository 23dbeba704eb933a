// SPDX-License-Identifier: Apache-2.0

/// The things that were refused most of late, by the limit for each thing or by the budgets.
package struct OffendersSnapshot: Equatable, Sendable {
  package struct Thing: Equatable, Sendable {
    package var thing: String
    /// At least as many as there were, at most ``overcount`` more.
    package var refusals: Int
    /// How many of the refusals may have been other things'.
    package var overcount: Int
    package var refusalsPerSecond: Double
  }

  /// Those refused most first.
  package var things: [Thing]
  /// Refusals in all, those of things that are not listed too.
  package var refusals: Int
  /// How long these refusals were counted for; zero if there were none.
  package var milliseconds: Int64
}
