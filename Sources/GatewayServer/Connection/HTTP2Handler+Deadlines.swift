// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension HTTP2Handler {
  func watchDeadline(of call: RPC, in timeout: TimeAmount) {
    call.dueAt = self.watchDeadline(in: timeout)
  }

  /// - Returns: When that is on the loop's scale.
  func watchDeadline(in timeout: TimeAmount) -> NIODeadline {
    let deadline = self.loop.now + timeout
    self.watch(deadline)
    return deadline
  }

  private func watch(_ deadline: NIODeadline) {
    self.deadlineTimer.watch(deadline) { deadline in
      self.loop.assumeIsolated().scheduleTask(deadline: deadline) { self.deadlineTimerFired() }
    }
  }

  private func deadlineTimerFired() {
    self.deadlineTimer.fired()
    let now = self.loop.now
    var next = NIODeadline.distantFuture
    for call in self.calls.values where !call.isCounted {
      guard let dueAt = call.dueAt else { continue }
      if dueAt <= now { self.deadlinePassed(call) } else { next = min(next, dueAt) }
    }
    for rpc in self.streams.values where !rpc.isCounted {
      guard let dueAt = rpc.dueAt else { continue }
      if dueAt <= now { self.deadlinePassed(rpc) } else { next = min(next, dueAt) }
    }
    self.watch(next)
  }
}
