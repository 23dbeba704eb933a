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
  /// Kept here, since jobs refer to it without owning it.
  private let serial: any SerialExecutor

  package init(_ loop: any EventLoop) {
    self.loop = loop
    self.serial = loop.executor
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.loop.execute {
      // Whoever runs in the loop has what the loop isolates; saying so spares a job that goes on to
      // an actor of this loop the second trip. The executors are kept alive by `self`.
      unsafe job.runSynchronously(
        isolatedTo: self.serial.asUnownedSerialExecutor(),
        taskExecutor: self.asUnownedTaskExecutor())
    }
  }
}
