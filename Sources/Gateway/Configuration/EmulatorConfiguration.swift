// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import EmulatorServer
import JobsEmulator
import RESTServer
import Transport

/// Everything `emulator` needs to know, read and checked before anything is started.
struct EmulatorConfiguration: Sendable {
  var server: EmulatorServerConfiguration
  var credentials: [Credential]
  var clock: EmulatorClock
  var seed: EmulatorSeed?
  var process: ProcessConfiguration

  static let settingNames: Set<String> = ProcessConfiguration.settingNames.union([
    EmulatorSettings.listen.name, EmulatorSettings.credentials.name,
    EmulatorSettings.acceptUnsigned.name, EmulatorSettings.seed.name,
    EmulatorSettings.manualClock.name, EmulatorSettings.errorForm.name,
    EmulatorSettings.latency.name, EmulatorSettings.errorRate.name,
    EmulatorSettings.dropBeforeRate.name, EmulatorSettings.dropAfterRate.name,
    EmulatorSettings.throttle.name, SharedSettings.allowInsecureRemote.name,
  ])

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    try reader.rejectUnknownFileKeys(known: Self.settingNames)
    self.process = try ProcessConfiguration(reader)
    self.credentials = try reader.value(EmulatorSettings.credentials)
    let acceptUnsigned = try reader.value(EmulatorSettings.acceptUnsigned)
    self.server = EmulatorServerConfiguration(
      address: try reader.value(EmulatorSettings.listen),
      authentication: acceptUnsigned ? .disabled : .required(self.credentials))
    let address = self.server.address
    if !address.isLoopback, !(try reader.value(SharedSettings.allowInsecureRemote)) {
      throw .insecureRemote(address, "listen")
    }
    self.server.errorForm = try reader.value(EmulatorSettings.errorForm)
    self.server.faults = try Self.faults(reader)
    self.clock = .system
    if let start = try reader.optional(EmulatorSettings.manualClock) {
      let clock = ManualClock(nowSeconds: start)
      self.clock = .manual(clock)
      self.server.clock = EmulatorConsoleClock(
        nowSeconds: { clock.nowSeconds }, advance: { clock.advance(bySeconds: $0) })
    }
    self.seed = try reader.optional(EmulatorSettings.seed).map(Self.seed)
  }

  private static func faults(_ reader: SettingsReader) throws(ConfigurationError) -> FaultPlan {
    var plan = FaultPlan()
    let latency = try reader.value(EmulatorSettings.latency)
    plan.latencyMilliseconds = latency.wholeMilliseconds
    plan.errorRate = try reader.value(EmulatorSettings.errorRate)
    plan.dropBeforeRate = try reader.value(EmulatorSettings.dropBeforeRate)
    plan.dropAfterRate = try reader.value(EmulatorSettings.dropAfterRate)
    plan.throttleRatePerSecond = try reader.optional(EmulatorSettings.throttle)
    return plan
  }

  /// Job documents are at most 32 KiB each; a thousand of them is a large seed.
  private static let seedLimitBytes = 32 << 20

  private static func seed(_ path: String) throws(ConfigurationError) -> EmulatorSeed {
    let bytes: [UInt8]
    do {
      bytes = try FileBytes.read(path, limit: Self.seedLimitBytes)
    } catch {
      throw .unreadableFile(path: path, reason: error.reason)
    }
    do {
      return try EmulatorSeed(parsing: bytes)
    } catch {
      throw .unreadableFile(path: path, reason: error.description)
    }
  }
}
