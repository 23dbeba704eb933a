// SPDX-License-Identifier: Apache-2.0

/// Which calls get a line in the log, as ``CallLogSettings`` have it.
struct CallLogConfiguration: Sendable {
  /// Of all calls, from 0 to 1.
  var share: Double
  /// For failures of one kind.
  var failuresPerSecond: Int

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.share = try reader.value(CallLogSettings.ratio)
    self.failuresPerSecond = try reader.value(CallLogSettings.failures)
  }
}
