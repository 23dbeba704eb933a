// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GatewayClient
import JobsAPI

struct CallDescribeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Show one execution.")

  @Argument(help: "The thing.") var thing: String
  @Argument(help: "The job, or $next for the one that start-next would hand out.")
  var job = "$next"
  @Option(help: "The execution of that number; without it, the latest.")
  var executionNumber: Int64?
  @Flag(help: "Leave the job document out.") var noDocument = false
  @Flag(help: "Have AWS asked, whatever the gateway has stored.") var noCache = false
  @OptionGroup var options: AskOptions

  func run() async throws {
    var call = DescribeJobExecution(thingName: self.thing, jobID: self.job)
    call.executionNumber = self.executionNumber
    if self.noDocument { call.includeJobDocument = false }
    let request = call
    try await self.options.tell(
      isWrite: false, metadata: self.noCache ? [("cache-control", "no-cache")] : [],
      ask: { client throws(CallFailure) in try await client.describe(request) },
      json: JobExecution.answerBody, text: { $0.execution($1, of: request.thingName) })
  }
}

struct CallPendingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pending", abstract: "List a thing's executions that wait or are in progress.")

  @Argument(help: "The thing.") var thing: String
  @OptionGroup var options: AskOptions

  func run() async throws {
    let request = GetPendingJobExecutions(thingName: self.thing)
    try await self.options.tell(
      isWrite: false,
      ask: { client throws(CallFailure) in try await client.getPending(request) },
      json: { $0.answerBody }, text: { $0.pending($1, of: request.thingName) })
  }
}

struct CallStartNextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start-next",
    abstract: "Start a thing's next execution, or show the one in progress.")

  @Argument(help: "The thing.") var thing: String
  @OptionGroup var details: DetailOptions
  @OptionGroup var options: AskOptions

  func run() async throws {
    var call = StartNextPendingJobExecution(thingName: self.thing)
    call.statusDetails = self.details.statusDetails
    call.stepTimeoutMinutes = self.details.stepTimeout
    let request = call
    try await self.options.tell(
      isWrite: true,
      ask: { client throws(CallFailure) in try await client.startNext(request) },
      json: JobExecution.answerBody, text: { $0.execution($1, of: request.thingName) })
  }
}

struct CallUpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Report an execution's progress, or its end.")

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
  @OptionGroup var options: AskOptions

  func run() async throws {
    var call = UpdateJobExecution(
      thingName: self.thing, jobID: self.job, status: self.status.status)
    call.statusDetails = self.details.statusDetails
    call.stepTimeoutMinutes = self.details.stepTimeout
    call.expectedVersion = self.expectedVersion
    call.executionNumber = self.executionNumber
    // Whoever looks wants to see what came of it.
    call.includeJobExecutionState = true
    if self.document { call.includeJobDocument = true }
    let request = call
    try await self.options.tell(
      isWrite: true,
      ask: { client throws(CallFailure) in try await client.update(request) },
      json: { $0.answerBody }, text: { $0.updated($1) })
  }
}

/// A state that a device may report, in AWS's word or in lower case with hyphens.
struct StatusArgument: ExpressibleByArgument {
  var status: JobExecutionStatus

  init?(argument: String) {
    let word = String(argument.uppercased().map { $0 == "-" ? "_" : $0 })
    let allowed: [JobExecutionStatus] = [.inProgress, .succeeded, .failed, .rejected]
    guard let status = allowed.first(where: { $0.awsWord == word }) else { return nil }
    self.status = status
  }
}
