// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Telemetry

struct EmulatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emulator",
    abstract: "Play the AWS IoT Jobs Data Plane, and enough of the control plane to fill it.")

  @OptionGroup var options: EmulatorOptions

  func run() async throws {
    let reader = try Startup.reader(self.options.flags)
    let configuration = try Startup.check { () throws(ConfigurationError) in
      try EmulatorConfiguration(reader)
    }
    let logger = configuration.process.logger(
      "emulator", LogLevels(configuration.process.logLevel))
    Startup.warnOfUnknownVariables(reader, known: EmulatorConfiguration.settingNames, logger)
    try await Startup.run(configuration.process, logger) { group in
      try await EmulatorServices.start(configuration, logger: logger, on: group)
    }
  }
}
