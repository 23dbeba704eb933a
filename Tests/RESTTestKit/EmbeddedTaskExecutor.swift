// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import NIOEmbedded

/// Runs tasks in an embedded event loop, when that is told to run. The executor of the real loops
/// asks its loop for a serial executor, which this one does not have.
package final class EmbeddedTaskExecutor: TaskExecutor {
  private let loop: NIOLoopBound<EmbeddedEventLoop>

  package init(_ loop: EmbeddedEventLoop) {
    self.loop = NIOLoopBound(loop, eventLoop: loop)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.loop.value.execute {
      // The loop runs each of its tasks once, and the closure keeps this executor alive.
      unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
    }
  }
}
