// SPDX-License-Identifier: Apache-2.0

// Telemetry knows numbers, names and text. It knows neither calls nor sockets: whoever counts
// holds the counter itself, so that counting costs one atomic addition.

import Synchronization

/// A number that only grows. Safe from any thread.
package final class Counter: Sendable {
  private let total = Atomic<UInt64>(0)

  package init() {}

  package func increment(by amount: UInt64 = 1) {
    self.total.wrappingAdd(amount, ordering: .relaxed)
  }

  package var value: UInt64 { self.total.load(ordering: .relaxed) }
}

/// A number that goes both ways. Safe from any thread.
package final class Gauge: Sendable {
  private let level = Atomic<Int64>(0)

  package init() {}

  package func add(_ amount: Int64) {
    self.level.wrappingAdd(amount, ordering: .relaxed)
  }

  package func set(_ value: Int64) {
    self.level.store(value, ordering: .relaxed)
  }

  package var value: Int64 { self.level.load(ordering: .relaxed) }
}
