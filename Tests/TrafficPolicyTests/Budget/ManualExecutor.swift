// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Runs tasks when it is told to, in the thread of whoever tells, so that a test decides what comes
/// between the end of a wait and the task that waited.
final class ManualExecutor: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.jobs.withLock { $0.append(job) }
  }

  /// Runs what there is, and what comes of it, until all tasks are suspended or over.
  func run() {
    while true {
      let job = self.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let job else { return }
      // A job that was enqueued is run once, as it has just been taken out.
      unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
    }
  }
}
