// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What still stands between this process and its first call.
///
/// It depends on nothing that AWS does: a sidecar that is up and whose upstream is not answers
/// its callers with a clear error, which a probe that fails would prevent.
package final class Readiness: Sendable {
  /// The conditions for being ready, each met once and for all.
  package enum Condition: String, CaseIterable, Sendable {
    case listenersBound = "listeners are not bound"
    case credentialsResolved = "credentials are neither loaded nor reported missing"
    case endpointKnown = "the upstream endpoint is not known"
  }

  private struct State {
    var unmet = Set(Condition.allCases)
    var isDraining = false
  }

  private let state = Mutex(State())

  package init() {}

  package func met(_ condition: Condition) {
    self.state.withLock { _ = $0.unmet.remove(condition) }
  }

  /// From now on not ready, so that no new traffic is sent here.
  package func drainBegan() {
    self.state.withLock { $0.isDraining = true }
  }

  /// Reasons for not being ready, in a stable order; empty when ready.
  package var reasons: [String] {
    self.state.withLock { state in
      if state.isDraining { return ["draining"] }
      return state.unmet.map(\.rawValue).sorted()
    }
  }
}
