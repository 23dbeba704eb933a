// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
@testable import TrafficPolicy

/// One thing that can happen to a table. Flights and tickets are named by their place among those
/// that were ever begun, so that every order of steps means something.
private enum Step: CaseIterable {
  case askBare, askFull, refresh, bypass, askElsewhere
  case leaveOldest, leaveYoungest, endOldest, endYoungest
  case write, writeElsewhere
  case openTicket, closeOldestTicket
}

private let here = ReadKey(thing: "t", .execution(jobID: "$next", number: nil))
private let elsewhere = ReadKey(thing: "u", .pending)

/// Takes the same steps with the table and with the plain model.
private struct Pair: ~Copyable {
  var table = FlightTable()
  var naive = NaiveFlights()
  var begun: [FlightTable.Number] = []

  mutating func take(_ step: Step) {
    switch step {
    case .askBare: self.ask(here, wantsDocument: false)
    case .askFull: self.ask(here, wantsDocument: true)
    case .askElsewhere: self.ask(elsewhere, wantsDocument: true)
    case .refresh: self.begin(here, withDocument: true, isBackground: true)
    case .bypass: self.begin(here, withDocument: false, isBackground: false)
    case .leaveOldest: self.leave(self.begun.first)
    case .leaveYoungest: self.leave(self.begun.last)
    case .endOldest: self.end(self.begun.first)
    case .endYoungest: self.end(self.begun.last)
    case .write:
      self.table.wrote(to: "t")
      self.naive.wrote(to: "t")
    case .writeElsewhere:
      self.table.wrote(to: "u")
      self.naive.wrote(to: "u")
    case .openTicket:
      self.naive.tickets.append(.init(number: self.table.openTicket(of: "t"), thing: "t"))
    case .closeOldestTicket:
      guard let ticket = self.naive.tickets.first else { return }
      #expect(
        self.table.closeTicket(ticket.number, of: ticket.thing)
          == self.naive.closeTicket(ticket.number))
    }
  }

  private mutating func ask(_ key: ReadKey, wantsDocument: Bool) {
    guard let flight = self.table.current(key, wantsDocument: wantsDocument) else {
      return self.begin(key, withDocument: wantsDocument, isBackground: false)
    }
    self.table.joined(flight)
    self.naive.joined(flight)
  }

  private mutating func begin(_ key: ReadKey, withDocument: Bool, isBackground: Bool) {
    let number = self.table.began(key, withDocument: withDocument, isBackground: isBackground)
    #expect(number > self.begun.last ?? 0)
    self.begun.append(number)
    self.naive.began(
      .init(
        number: number, key: key, withDocument: withDocument, isBackground: isBackground,
        waiters: isBackground ? 0 : 1))
  }

  private mutating func leave(_ flight: FlightTable.Number?) {
    // Only who waits can leave.
    guard let flight, self.naive.flights.contains(where: { $0.number == flight && $0.waiters > 0 })
    else { return }
    let answer = self.table.waiterLeft(flight)
    #expect(answer == self.naive.waiterLeft(flight))
  }

  private mutating func end(_ flight: FlightTable.Number?) {
    guard let flight else { return }
    #expect(self.table.ended(flight) == self.naive.ended(flight))
    // Once it has ended it is of no account, so that the next to end is another.
    self.begun.removeAll { $0 == flight }
  }

  func check() {
    for key in [here, elsewhere] {
      for wantsDocument in [false, true] {
        #expect(
          self.table.current(key, wantsDocument: wantsDocument)
            == self.naive.current(key, wantsDocument: wantsDocument))
      }
    }
    #expect(self.table.flightCount == self.naive.flights.count)
    #expect(self.table.thingCount == self.naive.things.count)
    #expect(self.table.keyCount <= Set(self.naive.flights.map(\.key)).count)
  }
}

@Suite struct FlightTableModelTests {
  /// 13 steps in every order of four, each history from the beginning.
  @Test func `every short history goes as the plain model says`() {
    let steps = Step.allCases
    let histories = steps.count * steps.count * steps.count * steps.count
    for history in 0..<histories {
      var pair = Pair()
      var rest = history
      for _ in 0..<4 {
        pair.take(steps[rest % steps.count])
        rest /= steps.count
      }
      pair.check()
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `long histories go as the plain model says`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var pair = Pair()
    for _ in 0..<500 {
      pair.take(Step.allCases.randomElement(using: &random)!)
      pair.check()
    }
  }
}
