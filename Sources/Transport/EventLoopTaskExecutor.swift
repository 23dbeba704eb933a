// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Keeps a task in one event loop.
///
/// A task with this preference, and every nonisolated function it awaits, runs in the loop: what it
/// shares with the loop's handlers needs no lock, and a suspended task comes back with one hop.
/// Made for `Task.immediate(executorPreference:)`, whose first steps run where the caller stands:
/// a call that never suspends costs no hop at all.
package final class EventLoopTaskExecutor: TaskExecutor {
  private let loop: any EventLoop

  package init(_ loop: any EventLoop) {
    self.loop = loop
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.loop.execute {
      // Run once, as an executor must: the loop runs each of its tasks once, and the closure keeps
      // this executor alive while the job runs.
      unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
    }
  }
}
