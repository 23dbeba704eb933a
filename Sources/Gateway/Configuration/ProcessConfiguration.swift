// SPDX-License-Identifier: Apache-2.0

import Logging
import Telemetry

/// What every command needs besides its own settings.
struct ProcessConfiguration: Sendable {
  var threads: Int
  var drainDelay: Duration
  var drainGrace: Duration
  var logLevel: Logger.Level
  var logFormat: LogFormat

  static let settingNames = SharedSettings.process.names

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.threads = try reader.value(SharedSettings.threads)
    self.drainDelay = try reader.value(SharedSettings.drainDelay)
    self.drainGrace = try reader.value(SharedSettings.drainGrace)
    self.logLevel = try reader.value(SharedSettings.logLevel)
    self.logFormat = try reader.value(SharedSettings.logFormat)
  }

  /// - Parameter levels: the level that the logger follows, now and when it changes.
  func logger(_ label: String, _ levels: LogLevels) -> Logger {
    let format = self.logFormat
    return Logger(label: label) { StderrLogHandler(label: $0, format: format, levels: levels) }
  }
}
