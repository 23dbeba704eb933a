// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Telemetry

/// The emulator and the gateway in one process, with a few jobs to play with.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run emulator and gateway together, with a few jobs, and say what to try.",
    discussion: "Listens on the default ports of both, with AWS's example key.")

  @OptionGroup var process: ProcessOptions

  func run() async throws {
    // The two halves find each other by their defaults, so neither variables nor a file are read.
    var flags = ["log-format": "text"]
    flags.merge(self.process.flags.values) { $1 }
    let configuration = try Startup.check { () throws(ConfigurationError) in
      try DemoConfiguration(flags: flags)
    }
    let levels = LogLevels(configuration.emulator.process.logLevel)
    let logger = configuration.emulator.process.logger("demo", levels)
    try await Startup.run(configuration.emulator.process, logger) { group in
      let services = try await DemoServices.start(
        configuration, levels, logger: logger, on: group)
      StandardError.write(DemoConfiguration.welcome)
      return services
    }
  }
}
