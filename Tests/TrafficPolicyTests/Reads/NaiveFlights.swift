// SPDX-License-Identifier: Apache-2.0

@testable import TrafficPolicy

/// What ``FlightTable`` should answer, kept the plain way: every flight and ticket has a mark that
/// each write sets, and everything is looked for from the first to the last.
struct NaiveFlights {
  struct Flight: Equatable {
    var number: FlightTable.Number
    var key: ReadKey
    var withDocument: Bool
    var isBackground: Bool
    var waiters: Int
    var isOutdated = false
    /// A later flight for the same has begun, and newcomers join that.
    var isSuperseded = false
  }

  struct Ticket: Equatable {
    var number: FlightTable.Number
    var thing: String
    var isOutdated = false
  }

  var flights: [Flight] = []
  var tickets: [Ticket] = []

  mutating func began(_ flight: Flight) {
    for index in self.flights.indices
    where self.flights[index].key == flight.key
      && self.flights[index].withDocument == flight.withDocument
    {
      self.flights[index].isSuperseded = true
    }
    self.flights.append(flight)
  }

  /// The flight that will do; one without a document goes first for who wants none.
  func current(_ key: ReadKey, wantsDocument: Bool) -> FlightTable.Number? {
    let usable = self.flights.filter { $0.key == key && !$0.isOutdated && !$0.isSuperseded }
    let full = usable.first { $0.withDocument }
    return wantsDocument ? full?.number : (usable.first { !$0.withDocument } ?? full)?.number
  }

  mutating func joined(_ number: FlightTable.Number) {
    guard let index = self.index(number) else { return }
    self.flights[index].waiters += 1
  }

  mutating func waiterLeft(_ number: FlightTable.Number) -> FlightTable.OnLeave {
    guard let index = self.index(number) else { return .carryOn }
    self.flights[index].waiters -= 1
    let flight = self.flights[index]
    guard flight.waiters == 0 && !flight.isBackground else { return .carryOn }
    self.flights.remove(at: index)
    return .abandon
  }

  mutating func ended(_ number: FlightTable.Number) -> FlightTable.OnEnd {
    guard let index = self.index(number) else { return .forgotten }
    let flight = self.flights.remove(at: index)
    return flight.isOutdated ? .outdated(flight.key) : .current(flight.key)
  }

  mutating func closeTicket(_ number: FlightTable.Number) -> FlightTable.OnClose {
    guard let index = self.tickets.firstIndex(where: { $0.number == number }) else {
      return .outdated
    }
    return self.tickets.remove(at: index).isOutdated ? .outdated : .current
  }

  mutating func wrote(to thing: String) {
    for index in self.flights.indices where self.flights[index].key.thing == thing {
      self.flights[index].isOutdated = true
    }
    for index in self.tickets.indices where self.tickets[index].thing == thing {
      self.tickets[index].isOutdated = true
    }
  }

  var things: Set<String> {
    Set(self.flights.map(\.key.thing)).union(self.tickets.map(\.thing))
  }

  private func index(_ number: FlightTable.Number) -> Int? {
    self.flights.firstIndex { $0.number == number }
  }
}
