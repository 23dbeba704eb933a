// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RESTServer
import Synchronization

/// The fault plan of a server, shared by its event loops and changed while it runs.
package final class FaultDesk: Sendable {
  private let injector: Mutex<FaultInjector>
  /// False for ``FaultPlan/none``, so that a server without faults takes no lock for them.
  private let isActive: Atomic<Bool>

  package init(_ plan: FaultPlan = .none) {
    self.injector = Mutex(FaultInjector(plan))
    self.isActive = Atomic(plan != .none)
  }

  /// The plan in force, and how many faults of its list are still to come.
  package var current: (plan: FaultPlan, pendingNext: Int) {
    self.injector.withLock { ($0.plan, $0.pendingNext) }
  }

  /// Puts a plan in force, from its seed and the head of its list.
  package func replace(with plan: FaultPlan) {
    self.injector.withLock { $0 = FaultInjector(plan) }
    self.isActive.store(plan != .none, ordering: .sequentiallyConsistent)
  }

  func decide(for operation: ServedOperation?) -> Fault {
    guard self.isActive.load(ordering: .relaxed) else { return .none }
    let now = NIODeadline.now().uptimeNanoseconds
    return self.injector.withLock { $0.decide(operation: operation, nowNanoseconds: now) }
  }
}
