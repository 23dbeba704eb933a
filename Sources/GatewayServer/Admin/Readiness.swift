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

  /// Whoever is told of changes.
  package struct Observer: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  private struct State {
    var unmet = Set(Condition.allCases)
    /// What an operator should know of a condition: how it was met, or what keeps it.
    var facts: [Condition: String] = [:]
    var isDraining = false
    var observers: [Observer: @Sendable () -> Void] = [:]
    var observersSoFar: UInt64 = 0

    var isReady: Bool { self.unmet.isEmpty && !self.isDraining }
  }

  private let state = Mutex(State())

  package init() {}

  /// - Parameter fact: what there is to know of it, for a page that anybody may see.
  package func met(_ condition: Condition, fact: String? = nil) {
    self.change { state in
      state.unmet.remove(condition)
      state.facts[condition] = fact
    }
  }

  /// Says what keeps a condition from being met.
  package func explain(_ condition: Condition, _ why: String) {
    self.state.withLock { state in
      if state.unmet.contains(condition) { state.facts[condition] = why }
    }
  }

  /// From now on not ready, so that no new traffic is sent here.
  package func drainBegan() {
    self.change { $0.isDraining = true }
  }

  /// Tells observers if something became ready or ceased to be, on the thread that changed it and
  /// outside the lock.
  private func change(_ body: (inout State) -> Void) {
    let observers = self.state.withLock { state -> [@Sendable () -> Void] in
      let wasReady = state.isReady
      body(&state)
      return state.isReady == wasReady ? [] : Array(state.observers.values)
    }
    for tell in observers { tell() }
  }

  package var isReady: Bool { self.state.withLock { $0.isReady } }

  /// Has `changed` called after each change of ``isReady``, on any thread, until
  /// ``stop(_:)``. One call more may be under way then.
  package func observe(_ changed: @escaping @Sendable () -> Void) -> Observer {
    self.state.withLock { state in
      state.observersSoFar += 1
      let observer = Observer(number: state.observersSoFar)
      state.observers[observer] = changed
      return observer
    }
  }

  var observerCount: Int { self.state.withLock { $0.observers.count } }

  package func stop(_ observer: Observer) {
    // The closure may hold the last reference to a connection: it ends outside the lock.
    let closure = self.state.withLock { $0.observers.removeValue(forKey: observer) }
    _ = consume closure
  }

  /// Reasons for not being ready, in a stable order; empty when ready.
  package var reasons: [String] {
    self.state.withLock { state in
      if state.isDraining { return ["draining"] }
      return state.unmet.map { condition in
        condition.rawValue + (state.facts[condition].map { ": \($0)" } ?? "")
      }.sorted()
    }
  }

  /// What there is to know of the conditions that are met, in a stable order.
  package var facts: [String] {
    self.state.withLock { state in
      Condition.allCases.filter { !state.unmet.contains($0) }.compactMap { state.facts[$0] }
    }
  }
}
