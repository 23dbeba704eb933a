// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that limit, budget and store.
struct TrafficOptions: ParsableArguments {
  @Option(help: .of(TrafficSettings.thingLimit)) var thingLimit: String?
  @Option(help: .of(TrafficSettings.thingReads)) var thingReadsPerSecond: String?
  @Option(help: .of(TrafficSettings.thingReadBurst)) var thingReadBurst: String?
  @Option(help: .of(TrafficSettings.thingWrites)) var thingWritesPerSecond: String?
  @Option(help: .of(TrafficSettings.thingWriteBurst)) var thingWriteBurst: String?
  @Option(help: .of(TrafficSettings.thingOverrides)) var thingLimitOverride: [String] = []
  @Option(help: .of(TrafficSettings.thingEntries)) var thingLimitEntries: String?
  @Option(help: .of(TrafficSettings.accountReads)) var accountReadsPerSecond: String?
  @Option(help: .of(TrafficSettings.accountReadBurst)) var accountReadBurst: String?
  @Option(help: .of(TrafficSettings.accountWrites)) var accountWritesPerSecond: String?
  @Option(help: .of(TrafficSettings.accountWriteBurst)) var accountWriteBurst: String?
  @Option(help: .of(TrafficSettings.accountMaxWait)) var accountMaxWait: String?
  @Option(help: .of(TrafficSettings.accountWaiting)) var accountWaitingLimit: String?
  @Option(help: .of(TrafficSettings.cacheBytes)) var cacheBytes: String?
  @Option(help: .of(TrafficSettings.describeTTL)) var describeTTL: String?
  @Option(help: .of(TrafficSettings.describeTerminalTTL)) var describeTerminalTTL: String?
  @Option(help: .of(TrafficSettings.describeNotFoundTTL)) var describeNotFoundTTL: String?
  @Option(help: .of(TrafficSettings.pendingTTL)) var pendingTTL: String?
  @Option(help: .of(TrafficSettings.staleWhileRevalidate)) var staleWhileRevalidate: String?
  @Option(help: .of(TrafficSettings.staleIfError)) var staleIfError: String?
  @Option(help: .of(TrafficSettings.startNextCheck)) var startNextCheck: String?

  func add(to table: inout FlagTable) {
    table.take(TrafficSettings.thingLimit, self.thingLimit)
    table.take(TrafficSettings.thingReads, self.thingReadsPerSecond)
    table.take(TrafficSettings.thingReadBurst, self.thingReadBurst)
    table.take(TrafficSettings.thingWrites, self.thingWritesPerSecond)
    table.take(TrafficSettings.thingWriteBurst, self.thingWriteBurst)
    table.take(TrafficSettings.thingOverrides, self.thingLimitOverride)
    table.take(TrafficSettings.thingEntries, self.thingLimitEntries)
    table.take(TrafficSettings.accountReads, self.accountReadsPerSecond)
    table.take(TrafficSettings.accountReadBurst, self.accountReadBurst)
    table.take(TrafficSettings.accountWrites, self.accountWritesPerSecond)
    table.take(TrafficSettings.accountWriteBurst, self.accountWriteBurst)
    table.take(TrafficSettings.accountMaxWait, self.accountMaxWait)
    table.take(TrafficSettings.accountWaiting, self.accountWaitingLimit)
    table.take(TrafficSettings.cacheBytes, self.cacheBytes)
    table.take(TrafficSettings.describeTTL, self.describeTTL)
    table.take(TrafficSettings.describeTerminalTTL, self.describeTerminalTTL)
    table.take(TrafficSettings.describeNotFoundTTL, self.describeNotFoundTTL)
    table.take(TrafficSettings.pendingTTL, self.pendingTTL)
    table.take(TrafficSettings.staleWhileRevalidate, self.staleWhileRevalidate)
    table.take(TrafficSettings.staleIfError, self.staleIfError)
    table.take(TrafficSettings.startNextCheck, self.startNextCheck)
  }
}
