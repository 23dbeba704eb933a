// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Runs tests in an event loop, as the server runs its calls.
actor LoopActor {
  nonisolated let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    // The loop outlives the actor, which holds it.
    unsafe self.loop.executor.asUnownedSerialExecutor()
  }

  func run<Value: Sendable>(
    _ body: @Sendable (isolated LoopActor) async throws -> Value
  ) async rethrows -> Value {
    try await body(self)
  }
}
