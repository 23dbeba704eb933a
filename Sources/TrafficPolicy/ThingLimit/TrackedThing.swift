// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// A thing's two buckets: one slot of the table, 24 bytes.
struct TrackedThing: Equatable, Sendable {
  /// Never zero, which marks a slot as empty.
  var fingerprint: UInt64
  /// The bucket of reads, see ``CallPace``.
  var readArrival: Int64
  /// The bucket of writes.
  var writeArrival: Int64

  static let none = TrackedThing(fingerprint: 0)

  init(fingerprint: UInt64) {
    self.fingerprint = fingerprint
    self.readArrival = CallPace.untouched
    self.writeArrival = CallPace.untouched
  }

  /// True if both buckets are full: then a thing without an entry is treated no differently.
  func isFull(now: Int64) -> Bool {
    self.readArrival <= now && self.writeArrival <= now
  }

  mutating func spend(_ kind: CallKind, at pace: CallPace, now: Int64) -> OnSpend {
    switch kind {
    case .read: pace.spend(from: &self.readArrival, now: now)
    case .write: pace.spend(from: &self.writeArrival, now: now)
    }
  }

  func ask(_ kind: CallKind, at pace: CallPace, now: Int64) -> OnSpend {
    switch kind {
    case .read: pace.ask(self.readArrival, now: now)
    case .write: pace.ask(self.writeArrival, now: now)
    }
  }
}
