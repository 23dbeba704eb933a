// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Transport

/// Runs tests in an event loop, as the server runs its calls: as tasks that prefer it.
struct LoopCaller {
  let loop: any EventLoop

  func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let isCancelled = Task.isCancelled
    let task = Task(executorPreference: LoopTaskExecutor(self.loop)) {
      Self.cancelCurrentTask(if: isCancelled)
      return try await body()
    }
    return try await self.finish(task)
  }

  func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
    let isCancelled = Task.isCancelled
    let task = Task(executorPreference: LoopTaskExecutor(self.loop)) {
      Self.cancelCurrentTask(if: isCancelled)
      return await body()
    }
    return await self.finish(task)
  }

  /// A test that is cancelled already must not race with the task it starts.
  private static func cancelCurrentTask(if isCancelled: Bool) {
    guard isCancelled else { return }
    // The task is used within the closure only.
    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
  }

  /// Cancels the task with the test's own, as a structured child would be.
  private func finish<Value, Failure>(_ task: Task<Value, Failure>) async throws(Failure) -> Value {
    let result = await withTaskCancellationHandler {
      await task.result
    } onCancel: {
      task.cancel()
    }
    return try result.get()
  }
}
