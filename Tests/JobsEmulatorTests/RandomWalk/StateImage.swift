// SPDX-License-Identifier: Apache-2.0

import JobsAPI

@testable import JobsEmulator

/// All that is to be known of a service at one time, in a form that both can be brought into.
struct StateImage: Equatable {
  struct Run: Equatable {
    var thing: String
    var job: String
    var number: Int64
    var status: String
    var details: StatusDetails?
    var times: [Int64?]
    var version: Int64
    var forced: Bool?
    var end: Int64?
    var retries: Int64
  }

  var runs: [Run]
  var jobs: [Job]
  var things: Set<String>
  /// For each thing, `job#number` of what is in progress and of what is queued, in order.
  var queues: [String: [[String]]]
}

extension StateImage {
  init(_ service: NaiveService) {
    self.runs = service.runs.map { run in
      Run(
        thing: run.thing, job: run.job, number: run.number, status: run.status,
        details: run.details, times: [run.queuedAt, run.startedAt, run.updatedAt],
        version: run.version, forced: run.forced, end: run.end,
        retries: run.retriedFailed + run.retriedTimedOut)
    }
    self.jobs = service.tasks.indices.map { service.shownJob($0) }
    self.things = service.things
    self.queues = [:]
    for thing in service.things {
      self.queues[thing] = ["IN_PROGRESS", "QUEUED"].map { status in
        service.runs.filter { $0.thing == thing && $0.status == status }
          .map { "\($0.job)#\($0.number)" }
      }
    }
  }

  init(_ state: JobsState) {
    let executions = state.executions.values.sorted { $0.id < $1.id }
    self.runs = executions.map { execution in
      Run(
        thing: execution.thingName, job: execution.jobID, number: execution.executionNumber,
        status: execution.status.awsWord, details: execution.statusDetails,
        times: [
          execution.queuedAtSeconds, execution.startedAtSeconds, execution.lastUpdatedAtSeconds,
        ],
        version: execution.versionNumber, forced: execution.forceCanceled,
        end: execution.timers.endSeconds, retries: execution.retries.total)
    }
    self.jobs = state.jobOrder.compactMap { state.jobs[$0.jobID]?.facts }
    self.things = Set(state.things.keys)
    self.queues = state.things.mapValues { thing in
      [thing.inProgress, thing.queued].map { queue in
        queue.prefix(.max).compactMap { state.executions[$0] }
          .map { "\($0.jobID)#\($0.executionNumber)" }
      }
    }
  }
}
