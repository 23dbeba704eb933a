// SPDX-License-Identifier: Apache-2.0

import Testing
import TrafficPolicy

@testable import iot_jobs_gateway

@Suite struct OverrideListTests {
  private func misfit(_ text: String) -> Misfit? {
    do {
      _ = try OverrideList(parsing: text)
      return nil
    } catch {
      return error
    }
  }

  @Test func `names and prefixes are told apart, and a colon may be in both`() throws {
    let overrides = try OverrideList(
      parsing: "lab-*=100/200:50/100,door-7=off,plant:a=off:0.5/1,plant:*=1/2:off,lab-=off")
    #expect(
      overrides.exact == [
        "door-7": .unlimited, "lab-": .unlimited,
        "plant:a": ThingLimits(reads: nil, writes: RateLimit(perSecond: 0.5, burst: 1)),
      ])
    #expect(
      overrides.prefixes == [
        "lab-": ThingLimits(
          reads: RateLimit(perSecond: 100, burst: 200),
          writes: RateLimit(perSecond: 50, burst: 100)),
        "plant:": ThingLimits(reads: RateLimit(perSecond: 1, burst: 2), writes: nil),
      ])
  }

  @Test(arguments: [
    ("", "no \"=\" between name and limits"),
    ("lamp", "no \"=\" between name and limits"),
    ("=off", "the thing's name must have 1 to 128 characters, has 0"),
    ("la/mp=off", "the thing's name must hold only [a-zA-Z0-9:_-]"),
    ("la*mp=off", "the thing's name must hold only [a-zA-Z0-9:_-]"),
    ("lamp**=off", "the thing's name must hold only [a-zA-Z0-9:_-]"),
    (" lamp=off", "the thing's name must hold only [a-zA-Z0-9:_-]"),
    ("*=off", "\"*\" alone is every thing, whose limits have flags of their own"),
    ("lamp=", "reads and writes must be two, with \":\" between them"),
    ("lamp=1/2", "reads and writes must be two, with \":\" between them"),
    ("lamp=1/2:3/4:5/6", "reads and writes must be two, with \":\" between them"),
    ("lamp=1/2:", "the limit of writes must be RATE/BURST or off"),
    ("lamp=1:2/3", "the limit of reads must be RATE/BURST or off"),
    ("lamp=1/2/3:off", "the limit of reads must be RATE/BURST or off"),
    ("lamp=on:1/2", "the limit of reads must be RATE/BURST or off"),
    ("lamp=0/2:off", "the rate of reads must be a number from 0.001 to 1000000"),
    ("lamp=off:inf/2", "the rate of writes must be a number from 0.001 to 1000000"),
    ("lamp=off:1/0", "the burst of writes must be a whole number from 1 to 1000000"),
    ("lamp=1/1.5:off", "the burst of reads must be a whole number from 1 to 1000000"),
  ])
  func `what is wrong with an entry is told`(entry: String, reason: String) {
    #expect(self.misfit(entry) == Misfit(part: entry, reason: reason))
  }

  @Test func `the entry at fault is the one that is shown`() {
    #expect(
      self.misfit("a=off,b,c=off") == Misfit(part: "b", reason: "no \"=\" between name and limits"))
    #expect(self.misfit("a=off,")?.part == "")
  }

  @Test func `a name has limits once`() {
    #expect(
      self.misfit("a=off,a=1/1:1/1")
        == Misfit(part: "a=1/1:1/1", reason: "a has limits already"))
    #expect(self.misfit("a*=off,a*=off")?.reason == "a* has limits already")
    #expect(self.misfit("a*=off,a=off") == nil)
  }

  @Test func `the number of entries is bounded`() {
    let entries = (0...1_000).map { "thing-\($0)=off" }
    #expect(self.misfit(entries.dropLast().joined(separator: ",")) == nil)
    #expect(
      self.misfit(entries.joined(separator: ","))
        == Misfit(part: "thing-0=off,…", reason: "1001 entries, at most 1000"))
  }
}
