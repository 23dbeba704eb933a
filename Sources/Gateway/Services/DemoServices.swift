// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import Telemetry

/// Emulator and gateway side by side. They talk over loopback, as they would apart.
struct DemoServices: Drainable {
  private let gateway: GatewayServices
  private let emulator: EmulatorServices

  static func start(
    _ configuration: DemoConfiguration, _ levels: LogLevels, logger: Logger,
    on group: MultiThreadedEventLoopGroup
  ) async throws -> DemoServices {
    let emulator = try await EmulatorServices.start(
      configuration.emulator, logger: logger, on: group)
    // Without hang-ups: a terminal that is closed ends it.
    let gateway = try await GatewayServices.start(
      configuration.gateway, levels, logger: logger, on: group)
    return DemoServices(gateway: gateway, emulator: emulator)
  }

  func becomesReady() async { await self.gateway.becomesReady() }
  var unmetConditions: [String] { self.gateway.unmetConditions }

  func withdraw() { self.gateway.withdraw() }

  /// The gateway first: what it still carries needs the emulator.
  func drain(grace: TimeAmount) async {
    await self.gateway.drain(grace: grace)
    await self.emulator.drain(grace: grace)
  }
}
