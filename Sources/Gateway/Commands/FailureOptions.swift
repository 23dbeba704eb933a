// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that tell what is done when AWS fails.
struct FailureOptions: ParsableArguments {
  @Option(help: .of(FailureSettings.attempts)) var retryAttempts: String?
  @Option(help: .of(FailureSettings.delay)) var retryDelay: String?
  @Option(help: .of(FailureSettings.throttledDelay)) var retryThrottledDelay: String?
  @Option(help: .of(FailureSettings.longestDelay)) var retryMaxDelay: String?
  @Option(help: .of(FailureSettings.quota)) var retryQuota: String?
  @Option(help: .of(FailureSettings.failures)) var breakerFailures: String?
  @Option(help: .of(FailureSettings.firstPause)) var breakerPause: String?
  @Option(help: .of(FailureSettings.longestPause)) var breakerMaxPause: String?
  @Option(help: .of(FailureSettings.probes)) var breakerProbes: String?
  @Option(help: .of(FailureSettings.patience)) var breakerPatience: String?

  func add(to table: inout FlagTable) {
    table.take(FailureSettings.attempts, self.retryAttempts)
    table.take(FailureSettings.delay, self.retryDelay)
    table.take(FailureSettings.throttledDelay, self.retryThrottledDelay)
    table.take(FailureSettings.longestDelay, self.retryMaxDelay)
    table.take(FailureSettings.quota, self.retryQuota)
    table.take(FailureSettings.failures, self.breakerFailures)
    table.take(FailureSettings.firstPause, self.breakerPause)
    table.take(FailureSettings.longestPause, self.breakerMaxPause)
    table.take(FailureSettings.probes, self.breakerProbes)
    table.take(FailureSettings.patience, self.breakerPatience)
  }
}
