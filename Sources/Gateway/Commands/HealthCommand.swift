// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GatewayClient
import StandardServices

/// Asks a gateway whether it serves, for exec probes and scripts.
struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health",
    abstract: "Ask a gateway whether it serves (grpc.health.v1), for exec probes.",
    discussion: """
      Exit status 0 if it serves, 1 if it does not or does not know the service, 2 if there is no \
      answer in time. What it says is written to standard output, why it cannot be asked to \
      standard error.
      """)

  @OptionGroup var reach: ReachOptions

  @Option(help: "The service to ask for; without it, the gateway as a whole.")
  var service = ""

  @Option(help: "How long the whole of it may take, such as 500ms or 2s.")
  var deadline = DeadlineArgument(.seconds(1))

  private enum Status {
    static let notServing = ExitCode(1)
    static let noAnswer = ExitCode(2)
  }

  func run() async throws {
    let reach = try self.reach.reach()
    let service = self.service
    let run = ClientRun(reach: reach, timeout: self.deadline.duration)
    let (result, _) = try await run.ask { connection, options throws(CallFailure) in
      try await HealthClient(connection, options).check(service)
    }
    switch result {
    case .success(.serving): StandardOutput.write("SERVING\n")
    case .success(.notServing):
      StandardOutput.write("NOT_SERVING\n")
      throw Status.notServing
    case .success(.serviceUnknown):
      StandardOutput.write("SERVICE_UNKNOWN\n")
      throw Status.notServing
    case .failure(let failure):
      StandardError.write(FailureReport(failure, isWrite: false, reach).text(.plain))
      throw Status.noAnswer
    }
  }
}
