// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GatewayClient
import Glibc
import JobsAPI

/// The operations for a person, over a gateway, and what watches jobs.
struct CallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "call",
    abstract: "Call an operation over a gateway, or watch what becomes of jobs.",
    discussion: """
      Answers are a table, or AWS's own JSON with --json; what goes wrong is said on standard \
      error. Exit status 0 for an answer, 64 for a wrong flag, 69 if the gateway is not reached, \
      74 if the answer cannot be written, 75 if it may pass and coming back helps, 76 if what \
      answers is no gateway, 1 for all other refusals.
      """,
    subcommands: [
      CallDescribeCommand.self, CallPendingCommand.self, CallStartNextCommand.self,
      CallUpdateCommand.self, CallWatchCommand.self, CallWaitCommand.self,
    ])
}

/// The flags that all have whose answer is one.
struct AskOptions: ParsableArguments {
  @OptionGroup var reach: ReachOptions

  @Option(help: "How long the whole of it may take, such as 500ms or 2s.")
  var deadline = DeadlineArgument(.seconds(10))

  @Flag(help: "Answer in AWS's own JSON on one line, and say errors in JSON too.")
  var json = false

  /// Asks, tells the answer, and ends the program with the status that a failure deserves.
  ///
  /// - Parameters:
  ///   - metadata: what else goes with the request.
  ///   - isWrite: whether the call may change something.
  func tell<Value: Sendable>(
    isWrite: Bool, metadata: [(name: String, value: String)] = [],
    ask: (JobsDataPlaneClient) async throws(CallFailure) -> ClientReply<Value>,
    json: (Value) -> [UInt8], text: (AnswerText, Value) -> String
  ) async throws {
    try await self.tellOver(
      isWrite: isWrite,
      ask: { connection, options throws(CallFailure) in
        var options = options
        options.metadata += metadata
        return try await ask(JobsDataPlaneClient(connection, options))
      }, json: json, text: text)
  }

  /// As ``tell(isWrite:metadata:ask:json:text:)``, for a client of any service.
  func tellOver<Value: Sendable>(
    isWrite: Bool,
    ask: (GatewayConnection, RequestOptions) async throws(CallFailure) -> ClientReply<Value>,
    json: (Value) -> [UInt8], text: (AnswerText, Value) -> String
  ) async throws {
    let reach = try self.reach.reach()
    let run = ClientRun(reach: reach, timeout: self.deadline.duration)
    let (result, took) = try await run.ask(ask)
    switch result {
    case .success(let reply) where self.json:
      try StandardOutput.deliver(Self.line(json(reply.value)))
    case .success(let reply):
      let answer = AnswerText(
        palette: .of(STDOUT_FILENO, Environment.variables), now: Int64(time(nil)))
      try StandardOutput.deliver(
        text(answer, reply.value) + answer.footer(reply, took: took))
    case .failure(let failure):
      let report = FailureReport(failure, isWrite: isWrite, reach)
      let palette = Palette.of(STDERR_FILENO, Environment.variables)
      StandardError.write(
        self.json ? Self.line(report.json) : report.text(palette))
      throw ExitCode(report.exitCode)
    }
  }

  static func line(_ json: [UInt8]) -> String {
    String(decoding: json, as: UTF8.self).shownInJSON + "\n"
  }
}
