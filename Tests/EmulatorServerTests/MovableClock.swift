// SPDX-License-Identifier: Apache-2.0

import Synchronization

final class MovableClock: Sendable {
  private let seconds = Atomic<Int64>(100)

  var now: Int64 {
    get { self.seconds.load(ordering: .relaxed) }
    set { self.seconds.store(newValue, ordering: .relaxed) }
  }
}
