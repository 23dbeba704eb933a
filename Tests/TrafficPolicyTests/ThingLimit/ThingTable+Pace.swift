// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Telemetry

@testable import TrafficPolicy

extension ThingTable {
  convenience init(maxThings: Int, gauge: Gauge) {
    self.init(maxThings: maxThings, gauge: gauge, rules: ThingRules(ThingLimitSettings()))
  }

  /// By this pace, whatever the rules say. Nil if there is no room.
  func spend(
    _ kind: CallKind, at pace: CallPace, fingerprint: UInt64, now: Int64
  ) -> OnSpend? {
    switch self.spend(kind, fingerprint: fingerprint, now: now, at: { _ in pace }) {
    case .decided(let answer, _): answer
    case .unlimited, .noRoom: nil
    }
  }
}
