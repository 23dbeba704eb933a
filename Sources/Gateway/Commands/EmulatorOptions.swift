// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags of `emulator`.
struct EmulatorOptions: ParsableArguments {
  @Option(help: .of(EmulatorSettings.listen)) var listen: String?
  @Flag(help: .of(SharedSettings.allowInsecureRemote)) var allowInsecureRemote = false
  @Option(help: .of(EmulatorSettings.credentials)) var credentials: [String] = []
  @Flag(help: .of(EmulatorSettings.acceptUnsigned)) var acceptUnsigned = false
  @Option(help: .of(EmulatorSettings.seed)) var seed: String?
  @Option(help: .of(EmulatorSettings.manualClock)) var manualClock: String?
  @Option(help: .of(EmulatorSettings.errorForm)) var errorForm: String?
  @Option(help: .of(EmulatorSettings.latency)) var faultLatency: String?
  @Option(help: .of(EmulatorSettings.errorRate)) var faultErrorRate: String?
  @Option(help: .of(EmulatorSettings.dropBeforeRate)) var faultDropBeforeRate: String?
  @Option(help: .of(EmulatorSettings.dropAfterRate)) var faultDropAfterRate: String?
  @Option(help: .of(EmulatorSettings.throttle)) var faultThrottlePerSecond: String?
  @Option(help: .of(SharedSettings.config)) var config: String?
  @OptionGroup var process: ProcessOptions

  var flags: FlagTable {
    var table = self.process.flags
    table.take(SharedSettings.config, self.config)
    table.take(EmulatorSettings.listen, self.listen)
    table.take(SharedSettings.allowInsecureRemote, self.allowInsecureRemote)
    table.take(EmulatorSettings.credentials, self.credentials)
    table.take(EmulatorSettings.acceptUnsigned, self.acceptUnsigned)
    table.take(EmulatorSettings.seed, self.seed)
    table.take(EmulatorSettings.manualClock, self.manualClock)
    table.take(EmulatorSettings.errorForm, self.errorForm)
    table.take(EmulatorSettings.latency, self.faultLatency)
    table.take(EmulatorSettings.errorRate, self.faultErrorRate)
    table.take(EmulatorSettings.dropBeforeRate, self.faultDropBeforeRate)
    table.take(EmulatorSettings.dropAfterRate, self.faultDropAfterRate)
    table.take(EmulatorSettings.throttle, self.faultThrottlePerSecond)
    return table
  }
}
