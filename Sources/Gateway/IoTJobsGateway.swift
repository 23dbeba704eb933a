// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The program: one executable, one subcommand for each way to run it.
@main
struct IoTJobsGateway: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "iot-jobs-gateway",
    abstract: "A gRPC gateway to the AWS IoT Jobs Data Plane.",
    discussion: """
      Every setting is a flag, a variable (IOT_JOBS_GATEWAY_ and the flag's name in capitals) and \
      a key of the file given with --config; the flag wins over the variable over the file.
      """,
    version: Version.text,
    subcommands: [
      ServeCommand.self, CheckCommand.self, ConfigCommand.self, CallCommand.self,
      PresignCommand.self, HealthCommand.self, EmulatorCommand.self, DemoCommand.self,
    ])
}

/// What this build is.
enum Version {
  static let text = "0.1.0"

  /// The compiler's language release.
  static var swift: String {
    #if compiler(>=6.4)
      "6.4 or later"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
