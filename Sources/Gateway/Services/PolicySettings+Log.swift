// SPDX-License-Identifier: Apache-2.0

import Logging
import Telemetry
import TrafficPolicy

extension PolicySettings {
  /// What a reader of the log wants to know when calls are refused or answers are old; a limit is
  /// written `RATE/BURST`, as in the settings.
  var logMetadata: Logger.Metadata {
    let (things, account, reads) = (self.thingLimit, self.accountBudget, self.readCache)
    return [
      LogKey.thingLimit: "\(things.mode.rawValue)",
      LogKey.thingReads: "\(Self.text(things.limits.reads))",
      LogKey.thingWrites: "\(Self.text(things.limits.writes))",
      LogKey.thingOverrides: "\(things.exact.count + things.prefixes.count)",
      LogKey.accountReads: "\(Self.text(account.reads))",
      LogKey.accountWrites: "\(Self.text(account.writes))",
      LogKey.cacheBytes: "\(reads.maxBytes)",
      LogKey.describeTTL: "\(reads.ttl.settingText)",
    ]
  }

  private static func text(_ limit: RateLimit?) -> String {
    guard let limit else { return "off" }
    let isWhole = limit.perSecond == limit.perSecond.rounded()
    let rate = isWhole ? "\(Int(limit.perSecond))" : "\(limit.perSecond)"
    return "\(rate)/\(limit.burst)"
  }
}
