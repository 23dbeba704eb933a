// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore

/// A backend of one event loop that is not there yet: until it is, each call fails with the reason.
///
/// It stands outermost, so that a call which cannot go anywhere takes nothing from its thing's limit,
/// and the way of all others is one look into the loop's own memory.
package struct LateJobs: JobsBackend {
  private enum State {
    case awaited(reason: String)
    case there(any JobsBackend)
  }

  private let state: NIOLoopBoundBox<State>
  private let loop: any EventLoop

  /// - Parameter reason: why it is not there, for the callers.
  package init(on loop: any EventLoop, reason: String) {
    self.state = .makeBoxSendingValue(.awaited(reason: reason), eventLoop: loop)
    self.loop = loop
  }

  /// From now on calls are carried out. Safe to call from anywhere.
  package func set(_ next: any JobsBackend) async {
    await self.change { $0 = .there(next) }
  }

  /// Tells calls a new reason, unless the backend is there. Safe to call from anywhere.
  package func explain(_ reason: String) async {
    await self.change { state in
      if case .awaited = state { state = .awaited(reason: reason) }
    }
  }

  private func change(_ body: @escaping @Sendable (inout State) -> Void) async {
    let state = self.state
    // Only a loop that was shut down says no, and then there are no calls either.
    try? await self.loop.submit { body(&state.value) }.get()
  }

  /// Nil as long as calls fail; why they do is for the operations to say.
  private var there: (any JobsBackend)? {
    guard case .there(let next) = self.state.value else { return nil }
    return next
  }

  private func next() throws(JobsFailure) -> any JobsBackend {
    switch self.state.value {
    case .there(let next): return next
    case .awaited(let reason): throw JobsFailure(.endpointUnknown(reason))
    }
  }
}

extension LateJobs {
  package func describe(
    _ call: DescribeJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.next().describe(call, in: context)
  }

  package func getPending(
    _ call: GetPendingJobExecutions, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await self.next().getPending(call, in: context)
  }

  package func startNext(
    _ call: StartNextPendingJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<JobExecution?> {
    try await self.next().startNext(call, in: context)
  }

  package func update(
    _ call: UpdateJobExecution, in context: CallContext
  ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
    try await self.next().update(call, in: context)
  }

  package func outcomeAtHand(
    of call: DescribeJobExecution, in context: CallContext
  ) -> Result<StoredDescribe, JobsFailure>? {
    self.there?.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: GetPendingJobExecutions, in context: CallContext
  ) -> Result<JobsReply<PendingJobExecutions>, JobsFailure>? {
    self.there?.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: StartNextPendingJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    self.there?.outcomeAtHand(of: call, in: context)
  }

  package func outcomeAtHand(
    of call: UpdateJobExecution, in context: CallContext
  ) -> Result<JobsReply<UpdatedJobExecution>, JobsFailure>? {
    self.there?.outcomeAtHand(of: call, in: context)
  }
}
