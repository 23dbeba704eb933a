// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension HTTP2Handler {
  func watchDeadline(of call: RPC, in timeout: TimeAmount) {
    let deadline = self.loop.now + timeout
    call.dueAt = deadline
    self.watch(deadline)
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
    self.watch(next)
  }
}
