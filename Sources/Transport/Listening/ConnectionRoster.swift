// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Who is connected, over all event loops: kept so that connections can be counted, bounded and
/// drained. Each change is taken under a lock; nothing is done to a channel inside it.
final class ConnectionRoster: Sendable {
  struct Refused: Error {}

  private struct State {
    var open: [ObjectIdentifier: any Channel] = [:]
    /// Set once, by the drain.
    var emptied: EventLoopPromise<Void>?
  }

  private let limit: Int
  private let allowance: ConnectionAllowance?
  private let state = Mutex(State())

  /// - Parameter allowance: a limit that others count against too.
  init(limit: Int, allowance: ConnectionAllowance? = nil) {
    self.limit = limit
    self.allowance = allowance
  }

  var open: Int { self.state.withLock { $0.open.count } }

  /// Takes a connection in until it closes. Refuses over the limit and once draining.
  func admit(_ connection: any Channel) throws(Refused) {
    let id = ObjectIdentifier(connection)
    if let allowance = self.allowance, !allowance.take() { throw Refused() }
    let admitted = self.state.withLock { state in
      guard state.emptied == nil, state.open.count < self.limit else { return false }
      state.open[id] = connection
      return true
    }
    guard admitted else {
      self.allowance?.giveBack()
      throw Refused()
    }
    connection.closeFuture.whenComplete { _ in self.remove(id) }
  }

  /// Refuses newcomers from now on and fulfils the promise when the last connection has left.
  /// - Returns: The connections that are open.
  func drain(whenEmpty promise: EventLoopPromise<Void>) -> [any Channel] {
    let (open, earlier) = self.state.withLock { state in
      let earlier = state.emptied
      if earlier == nil { state.emptied = promise }
      return (Array(state.open.values), earlier)
    }
    if let earlier {
      earlier.futureResult.cascade(to: promise)
    } else if open.isEmpty {
      promise.succeed()
    }
    return open
  }

  /// Closes what is left.
  /// - Returns: How many that were.
  func closeAll() -> Int {
    let open = self.state.withLock { Array($0.open.values) }
    for connection in open {
      connection.close(mode: .all, promise: nil)
    }
    return open.count
  }

  private func remove(_ id: ObjectIdentifier) {
    self.allowance?.giveBack()
    let emptied = self.state.withLock { state in
      state.open[id] = nil
      return state.open.isEmpty ? state.emptied : nil
    }
    // Succeeding twice is not possible: after the drain began nobody is admitted, so the roster
    // becomes empty by a removal only once.
    emptied?.succeed()
  }
}
