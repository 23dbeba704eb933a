// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import JobsAPI

// What a person says of each operation on the command line, whoever carries it out.

struct DescribeArguments: ParsableArguments {
  @Argument(help: "The thing.") var thing: String
  @Argument(help: "The job, or $next for the one that start-next would hand out.")
  var job = "$next"
  @Option(help: "The execution of that number; without it, the latest.")
  var executionNumber: Int64?
  @Flag(help: "Leave the job document out.") var noDocument = false

  var call: DescribeJobExecution {
    var call = DescribeJobExecution(thingName: self.thing, jobID: self.job)
    call.executionNumber = self.executionNumber
    if self.noDocument { call.includeJobDocument = false }
    return call
  }
}

struct PendingArguments: ParsableArguments {
  @Argument(help: "The thing.") var thing: String

  var call: GetPendingJobExecutions { GetPendingJobExecutions(thingName: self.thing) }
}

struct StartNextArguments: ParsableArguments {
  @Argument(help: "The thing.") var thing: String
  @OptionGroup var details: DetailOptions

  var call: StartNextPendingJobExecution {
    var call = StartNextPendingJobExecution(thingName: self.thing)
    call.statusDetails = self.details.statusDetails
    call.stepTimeoutMinutes = self.details.stepTimeout
    return call
  }
}

struct UpdateArguments: ParsableArguments {
  @Argument(help: "The thing.") var thing: String
  @Argument(help: "The job.") var job: String
  @Argument(
    help: "in-progress, succeeded, failed or rejected.",
    completion: .list(["in-progress", "succeeded", "failed", "rejected"]))
  var status: StatusArgument
  @Option(help: "Refuse unless the execution is at this version.") var expectedVersion: Int64?
  @Option(help: "The execution of that number; without it, the latest.")
  var executionNumber: Int64?
  @Flag(help: "Show the job document too.") var document = false
  @OptionGroup var details: DetailOptions

  var call: UpdateJobExecution {
    var call = UpdateJobExecution(
      thingName: self.thing, jobID: self.job, status: self.status.status)
    call.statusDetails = self.details.statusDetails
    call.stepTimeoutMinutes = self.details.stepTimeout
    call.expectedVersion = self.expectedVersion
    call.executionNumber = self.executionNumber
    // Whoever looks wants to see what came of it.
    call.includeJobExecutionState = true
    if self.document { call.includeJobDocument = true }
    return call
  }
}

/// A state that a device may report, in AWS's word or in lower case with hyphens.
struct StatusArgument: ExpressibleByArgument {
  var status: JobExecutionStatus

  init?(argument: String) {
    let allowed: [JobExecutionStatus] = [.inProgress, .succeeded, .failed, .rejected]
    guard let status = JobExecutionStatus(argument: argument, among: allowed) else { return nil }
    self.status = status
  }
}

/// What a device tells of an execution.
struct DetailOptions: ParsableArguments {
  @Option(
    name: .customLong("detail"),
    help: ArgumentHelp("A status detail; may be given more than once.", valueName: "name=value"))
  var details: [String] = []

  @Flag(help: "Take all status details away.")
  var clearDetails = false

  @Option(help: "Minutes until the step times out, 1 to 10080.")
  var stepTimeout: Int64?

  func validate() throws {
    guard self.details.isEmpty || !self.clearDetails else {
      throw ValidationError("--detail and --clear-details exclude each other")
    }
    for detail in self.details where !detail.contains("=") || detail.hasPrefix("=") {
      throw ValidationError("--detail \(detail): write NAME=VALUE")
    }
  }

  /// Nil: they stay as they are.
  var statusDetails: StatusDetails? {
    if self.clearDetails { return .empty }
    guard !self.details.isEmpty else { return nil }
    return StatusDetails(
      self.details.map { detail in
        let parts = detail.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      })
  }
}
