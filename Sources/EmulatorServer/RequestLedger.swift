// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import RESTServer
import Synchronization

/// What a server has done so far, counted so that tests can prove what a client did to it: how many
/// connections it opened, how often it sent a call, how often the call was carried out.
package final class RequestLedger: Sendable {
  package struct Counts: Equatable, Sendable {
    /// Requests that asked for the operation, whatever became of them.
    package var received = 0
    /// Requests that reached the operation: let in, and not stopped by a fault.
    package var carriedOut = 0
    /// Calls that the operation answered with success, even if the answer was then lost.
    package var succeeded = 0
  }

  private struct State {
    var counts: [ServedOperation: Counts] = [:]
    var unknownRequests = 0
    var connections = 0
  }

  private let state = Mutex(State())

  package init() {}

  func connectionAccepted() {
    self.state.withLock { $0.connections += 1 }
  }

  func received(_ operation: ServedOperation?) {
    self.state.withLock { state in
      if let operation {
        state.counts[operation, default: Counts()].received += 1
      } else {
        state.unknownRequests += 1
      }
    }
  }

  func carriedOut(_ operation: ServedOperation, succeeded: Bool) {
    self.state.withLock { state in
      state.counts[operation, default: Counts()].carriedOut += 1
      if succeeded { state.counts[operation, default: Counts()].succeeded += 1 }
    }
  }

  package func counts(of operation: ServedOperation) -> Counts {
    self.state.withLock { $0.counts[operation] ?? Counts() }
  }

  package var connectionsAccepted: Int { self.state.withLock { $0.connections } }

  /// Begins from zero.
  func reset() {
    self.state.withLock { $0 = State() }
  }

  func writeMembers(into json: inout JSONWriter) {
    let state = self.state.withLock { $0 }
    json.member("connectionsAccepted", Int64(state.connections))
    json.member("unknownRequests", Int64(state.unknownRequests))
    json.member(
      "operations",
      object: { json in
        for operation in ServedOperation.all {
          guard let counts = state.counts[operation] else { continue }
          json.member(operation.name, object: counts.writeMembers)
        }
      })
  }
}

extension RequestLedger.Counts {
  fileprivate func writeMembers(into json: inout JSONWriter) {
    json.member("received", Int64(self.received))
    json.member("carriedOut", Int64(self.carriedOut))
    json.member("succeeded", Int64(self.succeeded))
  }
}
