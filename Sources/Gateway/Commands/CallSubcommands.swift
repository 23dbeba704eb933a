// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GatewayClient
import JobsAPI

struct CallDescribeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Show one execution.")

  @OptionGroup var asked: DescribeArguments
  @Flag(help: "Have AWS asked, whatever the gateway has stored.") var noCache = false
  @OptionGroup var options: AskOptions

  func run() async throws {
    let request = self.asked.call
    try await self.options.tell(
      isWrite: false, metadata: self.noCache ? [("cache-control", "no-cache")] : [],
      ask: { client throws(CallFailure) in try await client.describe(request) },
      json: JobExecution.answerBody, text: { $0.execution($1, of: request.thingName) })
  }
}

struct CallPendingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pending", abstract: "List a thing's executions that wait or are in progress.")

  @OptionGroup var asked: PendingArguments
  @OptionGroup var options: AskOptions

  func run() async throws {
    let request = self.asked.call
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

  @OptionGroup var asked: StartNextArguments
  @OptionGroup var options: AskOptions

  func run() async throws {
    let request = self.asked.call
    try await self.options.tell(
      isWrite: true,
      ask: { client throws(CallFailure) in try await client.startNext(request) },
      json: JobExecution.answerBody, text: { $0.execution($1, of: request.thingName) })
  }
}

struct CallUpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Report an execution's progress, or its end.")

  @OptionGroup var asked: UpdateArguments
  @OptionGroup var options: AskOptions

  func run() async throws {
    let request = self.asked.call
    try await self.options.tell(
      isWrite: true,
      ask: { client throws(CallFailure) in try await client.update(request) },
      json: { $0.answerBody }, text: { $0.updated($1) })
  }
}
