// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Runs tasks in an event loop and lets them come back there.
///
/// A task that is merely isolated to an actor of the loop starts there, but when a continuation that
/// it waits for is resumed, it is first put on a thread of the global pool, which then sends it to
/// the loop: two switches of thread for each wait. A task that prefers this executor while it waits
/// is resumed in the loop at once.
///
/// One for each loop, kept as long as the loop.
package final class LoopTaskExecutor: TaskExecutor {
  package let loop: any EventLoop

  package init(_ loop: any EventLoop) {
    self.loop = loop
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.loop.execute {
      // Run as a job of this executor and of no actor: a task that is nonisolated throughout then
      // goes on here after each wait, where one that was run for an actor of the loop would be
      // enqueued once more for every layer it returns through.
      unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
    }
  }
}
