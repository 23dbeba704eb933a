// SPDX-License-Identifier: Apache-2.0

/// What is stored, told by looking at every entry.
package struct CacheContents: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var thing: String
    /// As it was asked for, `$next` included; nil for the pending lists.
    package var jobID: String?
    package var executionNumber: Int64?
    package var bytes: Int
    package var ageMilliseconds: Int64
    /// Zero or below: it is stale.
    package var freshForMilliseconds: Int64
    package var hasDocument: Bool
  }

  /// Entries whose age is below a bound, and not below that of the band before.
  package struct AgeBand: Equatable, Sendable {
    /// Nil: none.
    package var belowSeconds: Int64?
    package var entries: Int
    package var bytes: Int
  }

  /// The bounds of the bands but the last, which has none.
  package static let ageBoundsSeconds: [Int64] = [1, 5, 30, 60, 300, 3_600]

  /// From the youngest on.
  package var ages: [AgeBand]
  /// Entries that are past their time, and of no use but while AWS is asked or cannot be.
  package var stale: Int
  /// Those that take most memory, the biggest first.
  package var biggest: [Entry]
}
