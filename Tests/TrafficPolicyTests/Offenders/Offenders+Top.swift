// SPDX-License-Identifier: Apache-2.0

@testable import TrafficPolicy

extension Offenders {
  /// Those refused most, without the time that they were counted for.
  func top(_ count: Int) -> [Offender] {
    self.snapshot(listing: count).things.map {
      Offender(thing: $0.thing, refusals: $0.refusals, overcount: $0.overcount)
    }
  }
}
