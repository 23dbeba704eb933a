// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator

/// One step of a walk.
enum Step {
  case describe(DescribeJobExecution)
  case getPending(GetPendingJobExecutions)
  case startNext(StartNextPendingJobExecution)
  case update(UpdateJobExecution)
  case createJob(CreateJob)
  case describeJob(DescribeJob)
  case cancelJob(CancelJob)
  case deleteJob(DeleteJob)
  case describeExecution(DescribeManagedJobExecution)
  case cancelExecution(CancelJobExecution)
  case deleteExecution(DeleteJobExecution)
  /// Lists are read to their last page.
  case listJobs(ListJobs)
  case listExecutionsOfThing(ListJobExecutionsForThing)
  case listExecutionsOfJob(ListJobExecutionsForJob)
}

/// What came of a step. The words of refusals are not compared.
enum Outcome: Equatable {
  case execution(JobExecution?)
  case pending(PendingJobExecutions)
  case updated(UpdatedJobExecution)
  case reference(JobReference)
  case job(Job)
  case managed(ManagedJobExecution)
  case jobs([JobSummary])
  case executionsOfThing([JobExecutionOfThing])
  case executionsOfJob([JobExecutionOfJob])
  case done
  case refused(name: String, httpStatus: Int, state: JobExecutionState?)
  case surprise(JobsFailure)

  init(_ failure: JobsFailure) {
    switch failure.cause {
    case .refused(let refusal):
      self = .refused(
        name: refusal.name, httpStatus: refusal.httpStatus, state: refusal.executionState)
    default: self = .surprise(failure)
    }
  }

  var isRefusal: Bool {
    switch self {
    case .refused, .surprise: true
    default: false
    }
  }
}

extension NaiveService {
  mutating func perform(_ step: Step) -> Outcome {
    switch step {
    case .describe(let call): self.describe(call)
    case .getPending(let call): self.getPending(call)
    case .startNext(let call): self.startNext(call)
    case .update(let call): self.update(call)
    case .createJob(let call): self.createJob(call)
    case .describeJob(let call): self.describeJob(call)
    case .cancelJob(let call): self.cancelJob(call)
    case .deleteJob(let call): self.deleteJob(call)
    case .describeExecution(let call): self.describeExecution(call)
    case .cancelExecution(let call): self.cancelExecution(call)
    case .deleteExecution(let call): self.deleteExecution(call)
    case .listJobs(let call): self.listJobs(call)
    case .listExecutionsOfThing(let call): self.listExecutions(call)
    case .listExecutionsOfJob(let call): self.listExecutions(call)
    }
  }
}

extension JobsState {
  mutating func perform(_ step: Step, now: Int64) -> Outcome {
    do throws(JobsFailure) {
      return try self.answer(step, now: now)
    } catch {
      return Outcome(error)
    }
  }

  private mutating func answer(_ step: Step, now: Int64) throws(JobsFailure) -> Outcome {
    switch step {
    case .describe(let call): return .execution(try self.describe(call, now: now))
    case .getPending(let call): return .pending(try self.getPending(call, now: now))
    case .startNext(let call): return .execution(try self.startNext(call, now: now))
    case .update(let call): return .updated(try self.update(call, now: now))
    case .createJob(let call): return .reference(try self.createJob(call, now: now))
    case .describeJob(let call): return .job(try self.describeJob(call, now: now))
    case .cancelJob(let call): return .reference(try self.cancelJob(call, now: now))
    case .describeExecution(let call): return .managed(try self.describeExecution(call, now: now))
    case .deleteJob(let call):
      try self.deleteJob(call, now: now)
      return .done
    case .cancelExecution(let call):
      try self.cancelExecution(call, now: now)
      return .done
    case .deleteExecution(let call):
      try self.deleteExecution(call, now: now)
      return .done
    case .listJobs(let call):
      return .jobs(
        try self.wholeList(call.page) { (state, page) throws(JobsFailure) in
          var call = call
          call.page = page
          return try state.listJobs(call, now: now)
        })
    case .listExecutionsOfThing(let call):
      return .executionsOfThing(
        try self.wholeList(call.page) { (state, page) throws(JobsFailure) in
          var call = call
          call.page = page
          return try state.listExecutions(call, now: now)
        })
    case .listExecutionsOfJob(let call):
      return .executionsOfJob(
        try self.wholeList(call.page) { (state, page) throws(JobsFailure) in
          var call = call
          call.page = page
          return try state.listExecutions(call, now: now)
        })
    }
  }

  /// Reads page after page. A page that is too long or needlessly empty, or pages without end, give
  /// a wrong answer.
  private mutating func wholeList<Row>(
    _ first: PageRequest,
    read: (inout JobsState, PageRequest) throws(JobsFailure) -> ListPage<Row>
  ) throws(JobsFailure) -> [Row] {
    var rows: [Row] = []
    var request = first
    for _ in 0..<1000 {
      let page = try read(&self, request)
      guard page.rows.count <= Int(request.maxResults ?? 250),
        request.nextToken == nil || !page.rows.isEmpty
      else { return [] }
      rows += page.rows
      guard let token = page.nextToken else { return rows }
      request.nextToken = token
    }
    return []
  }
}
