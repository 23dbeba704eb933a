// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that every command has.
struct ProcessOptions: ParsableArguments {
  @Option(help: .of(SharedSettings.threads)) var threads: String?
  @Option(help: .of(SharedSettings.drainDelay)) var drainDelay: String?
  @Option(help: .of(SharedSettings.drainGrace)) var drainGrace: String?
  @Option(help: .of(SharedSettings.logLevel)) var logLevel: String?
  @Option(help: .of(SharedSettings.logFormat)) var logFormat: String?

  var flags: FlagTable {
    var table = FlagTable()
    table.take(SharedSettings.threads, self.threads)
    table.take(SharedSettings.drainDelay, self.drainDelay)
    table.take(SharedSettings.drainGrace, self.drainGrace)
    table.take(SharedSettings.logLevel, self.logLevel)
    table.take(SharedSettings.logFormat, self.logFormat)
    return table
  }
}
