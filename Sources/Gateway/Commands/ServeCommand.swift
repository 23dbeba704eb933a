// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Telemetry

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve gRPC and forward each call to AWS, signed.")

  @OptionGroup var options: ServeOptions

  func run() async throws {
    let notifier = ServiceNotifier(environment: Environment.variables)
    let hangups = await Hangups(telling: notifier)
    let reader = try Startup.reader(self.options.flags)
    let configuration = try Startup.serveConfiguration(reader)
    let levels = LogLevels(configuration.process.logLevel)
    let logger = configuration.process.logger("serve", levels)
    Startup.warnOfUnknownVariables(reader, known: ServeConfiguration.settingNames, logger)
    try await Startup.run(configuration.process, logger, notifier: notifier) { group in
      try await GatewayServices.start(
        configuration, levels, logger: logger, on: group, hangups: hangups)
    }
  }
}
