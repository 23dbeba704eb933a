// SPDX-License-Identifier: Apache-2.0

import TrafficPolicy

extension RetrySettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    self.maxAttempts = try reader.value(FailureSettings.attempts)
    self.baseDelay = try reader.value(FailureSettings.delay)
    self.throttledBaseDelay = try reader.value(FailureSettings.throttledDelay)
    self.maxDelay = try reader.value(FailureSettings.longestDelay)
    self.quota = try reader.value(FailureSettings.quota)
  }
}

extension BreakerSettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    let failures = try reader.value(FailureSettings.failures)
    self.failures = failures == 0 ? nil : failures
    self.firstPause = try reader.value(FailureSettings.firstPause)
    self.longestPause = try reader.value(FailureSettings.longestPause)
    self.probes = try reader.value(FailureSettings.probes)
    self.patience = try reader.value(FailureSettings.patience)
  }
}
