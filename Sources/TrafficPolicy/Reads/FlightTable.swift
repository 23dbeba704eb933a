// SPDX-License-Identifier: Apache-2.0

/// The reads that are under way upstream, how many callers wait for each, and which of them a write
/// has overtaken.
///
/// A *flight* is one upstream read that any number of callers wait for. A *ticket* is held by a
/// start-next while it is under way, because its answer can be knowledge as a read's is. Both take
/// their number from one count, which every write that ends advances too. So a flight or ticket is
/// current as long as its number is above that of its thing's last write: nothing has to be looked
/// for and marked, and a write costs the same whatever is in flight.
///
///     began ──► joinable ──ended──────────────────► (current: its answer may be stored)
///                  │ │
///                  │ └──a write of the thing ended──► outdated ──ended──► (its answer is only
///                  │                                      │               for those who wait)
///                  └──last waiter left──► abandoned ◄─────┘
///
/// Memory: a flight's record lives as long as the flight, a thing's as long as any flight or ticket
/// of it. Both are made by calls that wait, so their number is bounded by the streams that callers
/// may open, and by the entries of the store for the flights that nobody waits for.
struct FlightTable: ~Copyable {
  /// Of a flight, a ticket or a write. Later ones are greater.
  typealias Number = UInt64

  private struct Flight {
    let key: ReadKey
    /// A background flight goes on when nobody waits.
    let isBackground: Bool
    var waiters: Int
  }

  /// The flights that a newcomer can join for one key, by whether they bring the document.
  private struct Joinable {
    var bare: Number?
    var full: Number?

    var isEmpty: Bool { self.bare == nil && self.full == nil }

    mutating func remove(_ number: Number) {
      if self.bare == number { self.bare = nil }
      if self.full == number { self.full = nil }
    }
  }

  private struct Thing {
    /// Flights and tickets under way, current or not.
    var open = 0
    var lastWrite: Number = 0
  }

  private var lastNumber: Number = 0
  private var flights: [Number: Flight] = [:]
  private var joinable: [ReadKey: Joinable] = [:]
  private var things: [String: Thing] = [:]

  init() {}

  /// Flights under way that have not been abandoned.
  var flightCount: Int { self.flights.count }
  /// Things that a record is kept for.
  var thingCount: Int { self.things.count }
  /// Keys under which flights can be joined, or could be until a write outdated them.
  var keyCount: Int { self.joinable.count }

  private mutating func nextNumber() -> Number {
    self.lastNumber += 1
    return self.lastNumber
  }
}

// MARK: - Flights

extension FlightTable {
  /// A read is about to be sent. From now on it is the one that newcomers join.
  ///
  /// - Parameter isBackground: nobody waits for it yet; else one caller does.
  mutating func began(_ key: ReadKey, withDocument: Bool, isBackground: Bool) -> Number {
    let number = self.nextNumber()
    self.flights[number] = Flight(
      key: key, isBackground: isBackground, waiters: isBackground ? 0 : 1)
    if withDocument {
      self.joinable[key, default: Joinable()].full = number
    } else {
      self.joinable[key, default: Joinable()].bare = number
    }
    self.things[key.thing, default: Thing()].open += 1
    return number
  }

  /// The flight that brings what is wanted and that no write has overtaken. Who wants no document
  /// can do with a flight that brings it.
  func current(_ key: ReadKey, wantsDocument: Bool) -> Number? {
    guard let joinable = self.joinable[key] else { return nil }
    if !wantsDocument, let bare = joinable.bare, self.isCurrent(bare, of: key.thing) {
      return bare
    }
    guard let full = joinable.full, self.isCurrent(full, of: key.thing) else { return nil }
    return full
  }

  /// One more caller waits for a flight that ``current(_:wantsDocument:)`` has answered.
  mutating func joined(_ number: Number) {
    self.flights[number]?.waiters += 1
  }

  enum OnLeave: Equatable {
    /// The flight is of use to somebody, or has ended.
    case carryOn
    /// Nobody waits any more: the flight is forgotten and should be given up.
    case abandon
  }

  /// A caller who waited is gone.
  mutating func waiterLeft(_ number: Number) -> OnLeave {
    guard var flight = self.flights[number] else { return .carryOn }
    flight.waiters -= 1
    guard flight.waiters == 0 && !flight.isBackground else {
      self.flights[number] = flight
      return .carryOn
    }
    self.forget(number, flight)
    return .abandon
  }

  enum OnEnd: Equatable {
    /// No write has ended since it began: its answer may be stored.
    case current(ReadKey)
    /// Its answer may be older than a write that was acknowledged.
    case outdated(ReadKey)
    /// It had been abandoned.
    case forgotten
  }

  /// The outcome of a flight is known.
  mutating func ended(_ number: Number) -> OnEnd {
    guard let flight = self.flights[number] else { return .forgotten }
    let isCurrent = self.isCurrent(number, of: flight.key.thing)
    self.forget(number, flight)
    return isCurrent ? .current(flight.key) : .outdated(flight.key)
  }

  private mutating func forget(_ number: Number, _ flight: Flight) {
    self.flights[number] = nil
    if var joinable = self.joinable[flight.key] {
      joinable.remove(number)
      self.joinable[flight.key] = joinable.isEmpty ? nil : joinable
    }
    self.close(flight.key.thing)
  }
}

// MARK: - Tickets and writes

extension FlightTable {
  /// A start-next is about to be sent.
  mutating func openTicket(of thing: String) -> Number {
    self.things[thing, default: Thing()].open += 1
    return self.nextNumber()
  }

  enum OnClose: Equatable {
    /// No write has ended since the ticket was opened: what its start-next was told may be stored.
    case current
    case outdated
  }

  /// A start-next has ended. To be called once for each ticket.
  mutating func closeTicket(_ ticket: Number, of thing: String) -> OnClose {
    defer { self.close(thing) }
    return self.isCurrent(ticket, of: thing) ? .current : .outdated
  }

  /// A write that may have changed the thing has ended: whatever is under way may miss it.
  mutating func wrote(to thing: String) {
    // Without a record there is nothing under way, hence nothing to outdate.
    guard var record = self.things[thing] else { return }
    record.lastWrite = self.nextNumber()
    self.things[thing] = record
  }

  private func isCurrent(_ number: Number, of thing: String) -> Bool {
    guard let record = self.things[thing] else { return false }
    return number > record.lastWrite
  }

  private mutating func close(_ thing: String) {
    guard var record = self.things[thing] else { return }
    record.open -= 1
    self.things[thing] = record.open == 0 ? nil : record
  }
}
