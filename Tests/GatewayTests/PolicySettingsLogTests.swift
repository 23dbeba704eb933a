// SPDX-License-Identifier: Apache-2.0

import Testing
import TrafficPolicy

@testable import iot_jobs_gateway

@Suite struct PolicySettingsLogTests {
  private func words(_ settings: PolicySettings) -> [String: String] {
    settings.logMetadata.mapValues { "\($0)" }
  }

  @Test func `the defaults read as in the settings`() {
    #expect(
      self.words(PolicySettings()) == [
        "thing-limit": "enforce", "thing-reads": "10/20", "thing-writes": "10/20",
        "thing-limit-overrides": "0", "account-reads": "50/100", "account-writes": "50/100",
        "cache-bytes": "16777216", "describe-ttl": "1s",
      ])
  }

  @Test func `what is not limited is off`() {
    var settings = PolicySettings()
    settings.thingLimit.limits = ThingLimits(
      reads: RateLimit(perSecond: 0.5, burst: 1), writes: nil)
    settings.thingLimit.exact = ["a": .unlimited]
    settings.thingLimit.prefixes = ["b-": .unlimited]
    settings.accountBudget.writes = nil
    settings.readCache.ttl = .milliseconds(1_500)
    let words = self.words(settings)
    #expect(words["thing-reads"] == "0.5/1")
    #expect(words["thing-writes"] == "off")
    #expect(words["thing-limit-overrides"] == "2")
    #expect(words["account-writes"] == "off")
    #expect(words["describe-ttl"] == "1500ms")
  }

  @Test(arguments: ["0ms", "1ms", "999ms", "1s", "90s", "2m", "251m", "1h", "24h"])
  func `a duration is written as it would be read`(text: String) {
    #expect(Duration(setting: text)?.settingText == text)
  }
}
