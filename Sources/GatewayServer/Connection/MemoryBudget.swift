// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What all connections together may hold of requests and unsent answers, in bytes.
///
/// A call is charged for what it makes this process keep: a sum for the records of it, its header
/// list, its message, its answer. Who would go over the limit is refused before it costs any more,
/// and told to come back; what is charged is given back when its stream closes. An answer is charged
/// even over the limit, since it is there: refused are the calls that come meanwhile.
package final class MemoryBudget: Sendable {
  package enum OnCharge: Equatable, Sendable {
    case admit
    case refuse
  }

  /// The records of one call, here and in the libraries, measured and rounded up.
  static let bytesPerCall = 4_096

  /// Health checks and reflection have one part in so many of the whole limit, and of a connection's:
  /// at the default 2,000 of them at a time, or fewer with the greatest answers.
  static let standardPart = 8

  package let limitBytes: Int
  private let charged = Atomic(0)

  /// - Parameter limitBytes: 64 MiB by default: a thousand of the greatest requests at a time, and
  ///   a small part of what a container of usual size has.
  package init(limitBytes: Int = 67_108_864) {
    self.limitBytes = limitBytes
  }

  package var chargedBytes: Int { self.charged.load(ordering: .relaxed) }

  /// Charges what a peer wants to be kept, or refuses it.
  package func charge(_ count: Int) -> OnCharge {
    let after = self.charged.add(count, ordering: .relaxed).newValue
    guard after > self.limitBytes else { return .admit }
    self.charged.subtract(count, ordering: .relaxed)
    return .refuse
  }

  /// Charges what is there already.
  package func chargeAnyway(_ count: Int) {
    self.charged.add(count, ordering: .relaxed)
  }

  package func giveBack(_ count: Int) {
    self.charged.subtract(count, ordering: .relaxed)
  }
}
