// SPDX-License-Identifier: Apache-2.0

/// The calls that wait for an attempt. Whoever takes one out resumes it, once the lock is released.
struct AttemptWaiters {
  typealias ID = UInt64
  typealias Waiter = CheckedContinuation<Void, Never>

  private var waiters: [ID: Waiter] = [:]
  private var lastID: ID = 0

  mutating func nextID() -> ID {
    self.lastID += 1
    return self.lastID
  }

  /// False if there is no room, or its wait is over already.
  mutating func add(_ waiter: Waiter, as id: ID, limit: Int) -> Bool {
    guard self.waiters.count < limit else { return false }
    self.waiters[id] = waiter
    return true
  }

  mutating func remove(_ id: ID) -> Waiter? {
    self.waiters.removeValue(forKey: id)
  }

  mutating func removeAll() -> [Waiter] {
    defer { self.waiters = [:] }
    return Array(self.waiters.values)
  }
}
