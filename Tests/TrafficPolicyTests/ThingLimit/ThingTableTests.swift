// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Telemetry
import Testing
@testable import TrafficPolicy

private let pace = CallPace(RateLimit(perSecond: 10, burst: 3))

@Suite struct ThingTableTests {
  @Test(arguments: [0, 1] as [UInt64])
  func `forgetting changes no answer`(seed: UInt64) {
    // A table that forgets beside buckets that are kept for ever.
    var random = SplitMix64(seed: seed)
    let table = ThingTable(maxThings: 100_000, gauge: Gauge())
    var buckets: [UInt64: [CallKind: NaiveBucket]] = [:]
    var now: Int64 = 0
    var differences = 0
    for _ in 0..<40_000 {
      now += .random(in: 0...2_000_000, using: &random)
      // Some things come all the time, most hardly ever.
      let span: Int = .random(using: &random) ? 50 : 20_000
      let thing = FingerprintShape.even.fingerprint(.random(in: 0..<span, using: &random))
      let kind: CallKind = .random(using: &random) ? .read : .write
      let isAdmitted = buckets[thing, default: [:]][
        kind, default: NaiveBucket(interval: pace.intervalNanoseconds, burst: 3)
      ].spend(now: now)
      let answer = table.spend(kind, at: pace, fingerprint: thing, now: now)
      if (answer == .admit) != isAdmitted { differences += 1 }
    }
    #expect(differences == 0)
    // It has forgotten most of them.
    #expect(buckets.count > 8_000)
    #expect(table.count < 1_500)
  }

  @Test func `a caller who read the clock before another's hand gets nothing anew`() {
    let table = ThingTable(maxThings: 10, gauge: Gauge())
    let single = CallPace(RateLimit(perSecond: 10, burst: 1))
    #expect(table.spend(.read, at: single, fingerprint: 7, now: 0) == .admit)
    // Another thing's call comes when the first is just full again, and has it forgotten.
    #expect(table.spend(.read, at: single, fingerprint: 8, now: 100_000_000) == .admit)
    #expect(table.count == 1)
    // A call of the first that was on its way since before.
    #expect(table.spend(.read, at: single, fingerprint: 7, now: 40_000_000) == .admit)
    #expect(table.spend(.read, at: single, fingerprint: 7, now: 199_999_999) != .admit)
    #expect(table.spend(.read, at: single, fingerprint: 7, now: 200_000_000) == .admit)
  }

  @Test func `when all are live, newcomers find no room until one is back to full`() {
    let gauge = Gauge()
    let table = ThingTable(maxThings: 100, gauge: gauge)
    for thing in 1...100 {
      let answer = table.spend(
        .read, at: pace, fingerprint: FingerprintShape.even.fingerprint(thing), now: 0)
      #expect(answer == .admit)
    }
    let newcomer = FingerprintShape.even.fingerprint(500)
    let end = pace.intervalNanoseconds
    for _ in 0..<50 {
      #expect(table.spend(.read, at: pace, fingerprint: newcomer, now: end - 1) == nil)
    }
    #expect(table.count == 100)
    #expect(gauge.value == 100)
    // Those that are there are not disturbed: two of their three calls are left.
    let known = FingerprintShape.even.fingerprint(7)
    #expect(table.spend(.read, at: pace, fingerprint: known, now: end - 1) == .admit)
    #expect(table.spend(.read, at: pace, fingerprint: known, now: end - 1) == .admit)
    #expect(table.spend(.read, at: pace, fingerprint: known, now: end - 1) != .admit)
    #expect(table.spend(.read, at: pace, fingerprint: newcomer, now: end) == .admit)
    #expect(table.count <= 100)
    #expect(gauge.value == Int64(table.count))
  }

  @Test func `one that is back to full among many is found in one turn of the hand`() {
    let table = ThingTable(maxThings: 1_000, gauge: Gauge())
    let slow = CallPace(RateLimit(perSecond: 0.001, burst: 3))
    for thing in 1...1_000 {
      _ = table.spend(
        .write, at: thing == 321 ? pace : slow,
        fingerprint: FingerprintShape.even.fingerprint(thing), now: 0)
    }
    let newcomer = FingerprintShape.even.fingerprint(5_000)
    let turn = table.slotCount / ThingShard.pressedHandReach + 1
    let tries = (1...turn).first { _ in
      table.spend(.read, at: slow, fingerprint: newcomer, now: pace.intervalNanoseconds) != nil
    }
    #expect(tries != nil)
    #expect(table.count == 1_000)
  }

  @Test func `a bound below one is one`() {
    let table = ThingTable(maxThings: -5, gauge: Gauge())
    #expect(table.spend(.read, at: pace, fingerprint: 1, now: 0) == .admit)
    #expect(table.spend(.read, at: pace, fingerprint: 2, now: 0) == nil)
    #expect(table.spend(.read, at: pace, fingerprint: 2, now: 1_000_000_000) == .admit)
  }

  @Test func `any number of things passes through a bounded table`() {
    let bound = 10_000
    let table = ThingTable(maxThings: bound, gauge: Gauge())
    var mostSlots = 0
    var refusals = 0
    // Five thousand are live at a time: each is back to full after 100 ms.
    for thing in 0..<100_000 {
      let fingerprint = FingerprintShape.even.fingerprint(thing)
      let answer = table.spend(
        .read, at: pace, fingerprint: fingerprint, now: Int64(thing) * 20_000)
      if answer != .admit { refusals += 1 }
      if thing % 1_000 == 0 { mostSlots = max(mostSlots, table.slotCount) }
    }
    #expect(refusals == 0)
    #expect(table.count <= bound)
    #expect(mostSlots <= 8_000)
  }

  @Test(arguments: [100_000, 140_000])
  func `a thing never takes more than 32 bytes`(bound: Int) {
    let table = ThingTable(maxThings: bound, gauge: Gauge())
    for thing in 1...bound {
      _ = table.spend(
        .read, at: pace, fingerprint: FingerprintShape.even.fingerprint(thing), now: 0)
      if thing >= 50_000, thing % 500 == 0 {
        let slotBytes = table.slotCount * MemoryLayout<TrackedThing>.stride
        #expect(slotBytes <= thing * 29)
      }
    }
    #expect(table.count == bound)
  }

  @Test func `nothing but zero and one share a bucket by the table's doing`() {
    let table = ThingTable(maxThings: 10, gauge: Gauge())
    let single = CallPace(RateLimit(perSecond: 1, burst: 1))
    #expect(table.spend(.read, at: single, fingerprint: 0, now: 0) == .admit)
    #expect(table.spend(.read, at: single, fingerprint: 1, now: 0) != .admit)
    #expect(table.spend(.read, at: single, fingerprint: 2, now: 0) == .admit)
    #expect(table.spend(.read, at: single, fingerprint: .max, now: 0) == .admit)
  }

  @Test func `any instant is taken`() {
    let table = ThingTable(maxThings: 10, gauge: Gauge())
    for now in [Int64.min, -1, 0, .max, 0, .min] {
      #expect(table.spend(.write, at: pace, fingerprint: UInt64(bitPattern: now), now: now) != nil)
    }
  }

  @Test func `callers of many threads get together what one may have`() async {
    let things = 2_000
    let gauge = Gauge()
    let table = ThingTable(maxThings: 16_384, gauge: gauge)
    let admitted = await withTaskGroup(of: [Int].self) { group in
      for worker in 0..<4 {
        group.addTask {
          var admitted = Array(repeating: 0, count: things)
          for step in 0..<(things * 3) {
            let thing = (step * (2 * worker + 1) + worker) % things
            let answer = table.spend(
              .read, at: pace, fingerprint: FingerprintShape.even.fingerprint(thing), now: 0)
            if answer == .admit { admitted[thing] += 1 }
          }
          return admitted
        }
      }
      return await group.reduce(into: Array(repeating: 0, count: things)) { sums, some in
        for thing in sums.indices { sums[thing] += some[thing] }
      }
    }
    #expect(admitted.allSatisfy { $0 == 3 })
    #expect(table.count == things)
    #expect(gauge.value == Int64(things))
  }

  @Test func `callers of many threads never go over the bound`() async {
    let bound = 10_000
    let gauge = Gauge()
    let table = ThingTable(maxThings: bound, gauge: gauge)
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          for step in 0..<10_000 {
            // Time goes on a little differently for each, and things come and go.
            let now = Int64(step) * 20_000 + Int64(worker)
            let thing = FingerprintShape.even.fingerprint(step * 4 + worker)
            _ = table.spend(.read, at: pace, fingerprint: thing, now: now)
            if table.count > bound { Issue.record("over the bound") }
          }
        }
      }
    }
    #expect(table.count <= bound)
    #expect(gauge.value == Int64(table.count))
  }
}
