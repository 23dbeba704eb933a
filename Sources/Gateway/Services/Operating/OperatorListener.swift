// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import NIOCore
import OperatorServer
import Telemetry
import Transport

/// The operator's listener, and what feeds its page as long as it is on.
struct OperatorListener: Sendable {
  let listener: Listener
  private let sampler: Task<Void, Never>

  /// Binds, and begins to keep the last minutes. Nothing is kept for a listener that is off.
  static func start(
    on address: ListenAddress, unixAccess: UnixSocketAccess, group: any EventLoopGroup,
    _ desk: OperatorDesk, registry: MetricsRegistry, logger: Logger
  ) async throws -> OperatorListener {
    let history = LiveHistory()
    let pages = OperatorPages(
      desk: desk, history: history, page: try OperatorPage(), logger: logger)
    let listener = try await OperatorServer.bind(
      to: address, unixAccess: unixAccess, on: group, pages: pages)
    // Off the event loops: a look at everything takes a few milliseconds.
    let sampler = Task.detached {
      // Anchored once: the distances between the points of a chart are what must be right.
      let (epochSeconds, began) = (Double(time(nil)), ContinuousClock.now)
      while !Task.isCancelled {
        let passed = began.duration(to: .now) / .seconds(1)
        history.take(registry.snapshot(), atEpochSeconds: epochSeconds + passed)
        try? await Task.sleep(for: LiveHistory.interval)
      }
    }
    return OperatorListener(listener: listener, sampler: sampler)
  }

  func stop(grace: TimeAmount) async {
    self.sampler.cancel()
    await self.listener.drain(grace: grace)
  }
}
