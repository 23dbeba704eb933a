// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Logging
import Telemetry
import TrafficPolicy

extension LiveSettings {
  /// Whoever has settings that change while calls run.
  struct Parts: Sendable {
    var policy: TrafficPolicy
    var levels: LogLevels
    var calls: CallLog

    /// Cannot fail: see ``LiveSettings``.
    func apply(_ new: ServeConfiguration, after old: ServeConfiguration, _ logger: Logger) {
      // Else it stays what an operator has made of it while the process runs.
      if new.process.logLevel != old.process.logLevel { self.levels.level = new.process.logLevel }
      self.calls.set(share: new.callLog.share)
      if new.policy != old.policy {
        self.policy.apply(new.policy)
        logger.notice("limits in force", metadata: new.policy.logMetadata)
      }
    }
  }

  /// Takes charge of the settings that the gateway starts with, and has their file watched.
  static func start(
    _ configuration: ServeConfiguration, over parts: Parts, watched: inout WatchList,
    registry: MetricsRegistry, logger: Logger
  ) throws(FileRefusal) -> LiveSettings {
    let settings = LiveSettings(configuration, registry: registry, logger: logger) { old, new in
      parts.apply(new, after: old, logger)
    }
    try settings.watch(in: &watched)
    return settings
  }
}
