// SPDX-License-Identifier: Apache-2.0

import TrafficPolicy

extension PolicySettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    self.thingLimit = try ThingLimitSettings(reader)
    self.accountBudget = try AccountBudgetSettings(reader)
    self.retries = try RetrySettings(reader)
    self.breaker = try BreakerSettings(reader)
    self.readCache = try ReadCacheSettings(reader)
  }
}

extension ThingLimitSettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    self.mode = try reader.value(TrafficSettings.thingLimit)
    self.limits = ThingLimits(
      reads: RateLimit(
        perSecond: try reader.value(TrafficSettings.thingReads),
        burst: try reader.value(TrafficSettings.thingReadBurst)),
      writes: RateLimit(
        perSecond: try reader.value(TrafficSettings.thingWrites),
        burst: try reader.value(TrafficSettings.thingWriteBurst)))
    if let overrides = try reader.optional(TrafficSettings.thingOverrides) {
      self.exact = overrides.exact
      self.prefixes = overrides.prefixes
    }
    self.maxThings = try reader.value(TrafficSettings.thingEntries)
  }
}

extension AccountBudgetSettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    self.reads = Self.budget(
      perSecond: try reader.value(TrafficSettings.accountReads),
      burst: try reader.value(TrafficSettings.accountReadBurst))
    self.writes = Self.budget(
      perSecond: try reader.value(TrafficSettings.accountWrites),
      burst: try reader.value(TrafficSettings.accountWriteBurst))
    self.maxWait = try reader.value(TrafficSettings.accountMaxWait)
    self.maxWaiting = try reader.value(TrafficSettings.accountWaiting)
  }

  private static func budget(perSecond: Double, burst: Int) -> RateLimit? {
    perSecond == 0 ? nil : RateLimit(perSecond: perSecond, burst: burst)
  }
}

extension ReadCacheSettings {
  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.init()
    self.maxBytes = try reader.value(TrafficSettings.cacheBytes)
    self.ttl = try reader.value(TrafficSettings.describeTTL)
    self.terminalTTL = try reader.value(TrafficSettings.describeTerminalTTL)
    self.notFoundTTL = try reader.value(TrafficSettings.describeNotFoundTTL)
    self.pendingTTL = try reader.value(TrafficSettings.pendingTTL)
    self.staleWhileRevalidate = try reader.value(TrafficSettings.staleWhileRevalidate)
    self.staleIfError = try reader.value(TrafficSettings.staleIfError)
    self.startNextCheck = try reader.value(TrafficSettings.startNextCheck)
  }
}
