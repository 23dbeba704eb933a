// SPDX-License-Identifier: Apache-2.0

import JobsAPI

// TrafficPolicy decides which calls go upstream, when, and which are answered without: a limit for
// each thing, a budget for the account, a cache of reads. Its layers are backends that wrap a
// backend. It knows calls and their outcomes; it knows neither gRPC nor HTTP nor AWS's wire.

/// The time of all policies: whole nanoseconds on the scale of `ContinuousClock`, counted from an
/// origin of the clock's own.
///
/// A plain integer, because it is stored by the million and compared on every call. State machines
/// take it as an argument; only layers read the clock.
package struct PolicyClock: Sendable {
  private let origin: ContinuousClock.Instant
  private let read: @Sendable () -> ContinuousClock.Instant

  /// - Parameter read: answers the present; a test's own clock, or the system's.
  package init(_ read: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.read = read
    self.origin = read()
  }

  package var now: Int64 { self.nanoseconds(at: self.read()) }

  /// A deadline on this scale. An instant beyond 292 years from the origin is moved to that end.
  package func nanoseconds(at instant: ContinuousClock.Instant) -> Int64 {
    self.origin.duration(to: instant).clampedNanoseconds
  }
}
