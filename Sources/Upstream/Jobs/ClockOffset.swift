// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import Synchronization

/// How far AWS's clock is ahead of the one here, for the signatures of all event loops.
///
/// It is learned from nothing but a refused signature, from the `Date` of that answer, and used for
/// nothing but the time that is signed: a credential's end is still judged by the clock here. A
/// clock that is set right later is noticed in the same way.
package final class ClockOffset: Sendable {
  package enum OnRefusal: Equatable, Sendable {
    /// The clock is not to blame, or is too far off to be trusted with.
    case unblamed
    /// A signature made now has the right time.
    case known
    /// The same, and nobody knew before.
    case corrected(seconds: Int64)
  }

  /// AWS bears more; what is nearer than this was refused for another reason.
  static let leastSkewSeconds: Int64 = 240
  /// A request that is signed ahead of its time could be sent by whoever got hold of it when that
  /// time comes. No more than two days are believed.
  static let greatestSeconds: Int64 = 172_800
  /// Answers under way together differ by little.
  private static let sameSeconds: Int64 = 60

  private let offset = Atomic<Int64>(0)

  package init() {}

  package var seconds: Int64 { self.offset.load(ordering: .relaxed) }

  /// AWS refused a request.
  ///
  /// - Parameters:
  ///   - date: the answer's `Date`.
  ///   - signedAt: the time that the request carried, in seconds since 1970.
  ///   - now: the time here when the answer came, in seconds since 1970.
  func refused(
    _ refusal: AWSRefusal, date: String?, signedAt: Int64, now: Int64
  ) -> OnRefusal {
    guard refusal.kind == .clockSkew || refusal.kind == .signingFailed,
      let date = date.flatMap({ CivilTime.epochSeconds(httpDate: $0) }),
      !Self.areClose(date, signedAt, Self.leastSkewSeconds),
      Self.areClose(date, now, Self.greatestSeconds)
    else { return .unblamed }
    let seconds = date - now
    guard !Self.areClose(seconds, self.seconds, Self.sameSeconds) else { return .known }
    self.offset.store(seconds, ordering: .relaxed)
    return .corrected(seconds: seconds)
  }

  private static func areClose(_ left: Int64, _ right: Int64, _ limit: Int64) -> Bool {
    let (difference, overflow) = left.subtractingReportingOverflow(right)
    return !overflow && difference.magnitude <= limit.magnitude
  }
}
