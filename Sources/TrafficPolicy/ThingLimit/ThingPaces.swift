// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What one thing may do, ready to decide by. Nil: as much as it likes.
struct ThingPaces: Equatable, Sendable {
  let reads: CallPace?
  let writes: CallPace?

  init(_ limits: ThingLimits) {
    self.reads = limits.reads.map(CallPace.init)
    self.writes = limits.writes.map(CallPace.init)
  }

  func pace(of kind: CallKind) -> CallPace? {
    switch kind {
    case .read: self.reads
    case .write: self.writes
    }
  }
}
