// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Places for connections that several listeners share.
package final class ConnectionAllowance: Sendable {
  private let limit: Int
  private let taken = Atomic(0)

  package init(limit: Int) {
    self.limit = limit
  }

  func take() -> Bool {
    guard self.taken.add(1, ordering: .relaxed).newValue > self.limit else { return true }
    self.giveBack()
    return false
  }

  func giveBack() {
    self.taken.subtract(1, ordering: .relaxed)
  }
}
