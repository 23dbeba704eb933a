// SPDX-License-Identifier: Apache-2.0

import EmulatorServer
import JobsEmulator
import Logging
import NIOCore
import Telemetry

/// The emulator as it runs: the state machine behind AWS's two REST surfaces.
struct EmulatorServices: Drainable {
  let server: EmulatorServer

  static func start(
    _ configuration: EmulatorConfiguration, logger: Logger, on group: any EventLoopGroup
  ) async throws -> EmulatorServices {
    let emulator = JobsEmulator(clock: configuration.clock)
    if let seed = configuration.seed { try emulator.apply(seed) }
    let server = try await EmulatorServer.start(
      configuration.server, backend: emulator, controlPlane: emulator, on: group)
    logger.notice(
      "listening on",
      metadata: [LogKey.listener: "emulator", LogKey.address: "\(server.address)"])
    return EmulatorServices(server: server)
  }

  func drain(grace: TimeAmount) async {
    await self.server.shutdown(grace: grace)
  }
}
