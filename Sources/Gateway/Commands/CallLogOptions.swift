// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that tell which calls get a line in the log.
struct CallLogOptions: ParsableArguments {
  @Option(help: .of(CallLogSettings.ratio)) var accessLogRatio: String?
  @Option(help: .of(CallLogSettings.failures)) var failureLinesPerSecond: String?

  func add(to table: inout FlagTable) {
    table.take(CallLogSettings.ratio, self.accessLogRatio)
    table.take(CallLogSettings.failures, self.failureLinesPerSecond)
  }
}
