// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

private let job = ReadKey(thing: "t", .execution(jobID: "j", number: nil))
private let otherJob = ReadKey(thing: "t", .execution(jobID: "k", number: nil))
private let otherThing = ReadKey(thing: "u", .execution(jobID: "j", number: nil))

@Suite struct FlightTableTests {
  @Test func `a flight can be joined until it ends`() {
    var table = FlightTable()
    #expect(table.current(job, wantsDocument: true) == nil)
    let flight = table.began(job, withDocument: true, isBackground: false)
    #expect(table.current(job, wantsDocument: true) == flight)
    #expect(table.current(otherJob, wantsDocument: true) == nil)
    #expect(table.current(otherThing, wantsDocument: true) == nil)
    table.joined(flight)
    #expect(table.ended(flight) == .current(job))
    #expect(table.current(job, wantsDocument: true) == nil)
    // The second end is nobody's, and so is who leaves after it.
    #expect(table.ended(flight) == .forgotten)
    #expect(table.waiterLeft(flight) == .carryOn)
    #expect(table.flightCount == 0 && table.thingCount == 0 && table.keyCount == 0)
  }

  @Test func `who wants no document joins who does, and never the other way`() {
    var table = FlightTable()
    let full = table.began(job, withDocument: true, isBackground: false)
    #expect(table.current(job, wantsDocument: false) == full)
    let bare = table.began(otherJob, withDocument: false, isBackground: false)
    #expect(table.current(otherJob, wantsDocument: true) == nil)
    #expect(table.current(otherJob, wantsDocument: false) == bare)
    let both = table.began(otherJob, withDocument: true, isBackground: false)
    #expect(table.current(otherJob, wantsDocument: true) == both)
    #expect(table.current(otherJob, wantsDocument: false) == bare)
    #expect(table.ended(bare) == .current(otherJob))
    #expect(table.current(otherJob, wantsDocument: false) == both)
  }

  @Test func `the flight is given up when the last of all waiters leaves`() {
    var table = FlightTable()
    let flight = table.began(job, withDocument: true, isBackground: false)
    table.joined(flight)
    table.joined(flight)
    #expect(table.waiterLeft(flight) == .carryOn)
    #expect(table.waiterLeft(flight) == .carryOn)
    #expect(table.current(job, wantsDocument: true) == flight)
    #expect(table.waiterLeft(flight) == .abandon)
    #expect(table.current(job, wantsDocument: true) == nil)
    #expect(table.thingCount == 0)
    #expect(table.ended(flight) == .forgotten)
  }

  @Test func `a background flight outlives whoever joined it`() {
    var table = FlightTable()
    let flight = table.began(job, withDocument: true, isBackground: true)
    table.joined(flight)
    #expect(table.waiterLeft(flight) == .carryOn)
    #expect(table.current(job, wantsDocument: true) == flight)
    #expect(table.ended(flight) == .current(job))
  }

  @Test func `a write outdates every flight of its thing and no other`() {
    var table = FlightTable()
    let flight = table.began(job, withDocument: true, isBackground: false)
    let neighbour = table.began(otherJob, withDocument: false, isBackground: false)
    let stranger = table.began(otherThing, withDocument: true, isBackground: false)
    table.wrote(to: "t")
    #expect(table.current(job, wantsDocument: true) == nil)
    #expect(table.current(otherJob, wantsDocument: false) == nil)
    #expect(table.current(otherThing, wantsDocument: true) == stranger)
    // One that begins after the write is as good as any.
    let next = table.began(job, withDocument: true, isBackground: false)
    #expect(table.current(job, wantsDocument: true) == next)
    #expect(table.ended(flight) == .outdated(job))
    #expect(table.current(job, wantsDocument: true) == next)
    #expect(table.ended(next) == .current(job))
    #expect(table.ended(neighbour) == .outdated(otherJob))
    #expect(table.ended(stranger) == .current(otherThing))
    #expect(table.thingCount == 0 && table.keyCount == 0)
  }

  @Test func `an outdated flight still has its waiters`() {
    var table = FlightTable()
    let flight = table.began(job, withDocument: true, isBackground: false)
    table.joined(flight)
    table.wrote(to: "t")
    #expect(table.waiterLeft(flight) == .carryOn)
    #expect(table.waiterLeft(flight) == .abandon)
    #expect(table.ended(flight) == .forgotten)
  }

  @Test func `a ticket is good unless a write of its thing ended meanwhile`() {
    var table = FlightTable()
    let good = table.openTicket(of: "t")
    table.wrote(to: "u")
    #expect(table.closeTicket(good, of: "t") == .current)
    #expect(table.thingCount == 0)
    let bad = table.openTicket(of: "t")
    let worse = table.openTicket(of: "t")
    table.wrote(to: "t")
    let late = table.openTicket(of: "t")
    #expect(table.closeTicket(bad, of: "t") == .outdated)
    #expect(table.closeTicket(late, of: "t") == .current)
    #expect(table.closeTicket(worse, of: "t") == .outdated)
    #expect(table.thingCount == 0)
  }

  @Test func `a write of a thing at rest leaves nothing behind`() {
    var table = FlightTable()
    for index in 0..<1_000 { table.wrote(to: "t\(index)") }
    #expect(table.thingCount == 0 && table.keyCount == 0)
  }

  @Test func `a later flight of a key takes the place of an earlier one`() {
    var table = FlightTable()
    let first = table.began(job, withDocument: true, isBackground: false)
    let second = table.began(job, withDocument: true, isBackground: false)
    #expect(second > first)
    #expect(table.current(job, wantsDocument: true) == second)
    #expect(table.ended(first) == .current(job))
    #expect(table.current(job, wantsDocument: true) == second)
  }
}
