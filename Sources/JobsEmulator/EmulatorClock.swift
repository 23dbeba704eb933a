// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Where the emulator's time comes from, in seconds since 1970 (UTC).
package enum EmulatorClock: Sendable {
  case system
  /// Time that moves when it is told to; everything that hangs on it is then the same in each run.
  case manual(ManualClock)

  package func nowSeconds() -> Int64 {
    switch self {
    case .system: Int64(time(nil))
    case .manual(let clock): clock.nowSeconds
    }
  }
}

/// A clock that stands still until it is moved. It may be moved from any thread.
package final class ManualClock: Sendable {
  private let seconds: Atomic<Int64>

  package init(nowSeconds: Int64) {
    self.seconds = Atomic(nowSeconds)
  }

  package var nowSeconds: Int64 { self.seconds.load(ordering: .sequentiallyConsistent) }

  package func advance(bySeconds seconds: Int64) {
    self.seconds.add(seconds, ordering: .sequentiallyConsistent)
  }
}
