// SPDX-License-Identifier: Apache-2.0

import JobsAPI

@testable import TrafficPolicy

/// What ``ReadState`` should answer, kept the plain way: a dictionary of what is stored, a list of
/// flights, and the rules one after another.
struct NaiveReads {
  /// An answer of the state's, without what only it can name.
  enum Expected: Equatable {
    /// By the flight that fetched it.
    case serve(UInt64, CacheResult.Outcome)
    case serveAndRefresh(UInt64, withDocument: Bool)
    case join(UInt64)
    case lead(withDocument: Bool)
    case notCached
    /// What ``asked(_:now:)`` would join.
    case underWay(UInt64)
    case unknown
  }

  private struct Entry {
    var answer: StoredRead.Answer
    var hasDocument: Bool
    var flight: UInt64
    var storedAt: Int64
    var lifetime: Lifetime
  }

  var flights = NaiveFlights()
  private var entries: [ReadKey: Entry] = [:]
  private let lifetimes: Lifetimes

  init(_ settings: ReadCacheSettings) {
    self.lifetimes = Lifetimes(settings)
  }

  // MARK: Asking

  private func entry(_ key: ReadKey, at now: Int64) -> Entry? {
    guard let entry = self.entries[key], now < entry.lifetime.end else { return nil }
    return entry
  }

  func lookedUp(_ wish: ReadWish, now: Int64) -> Expected {
    let control = wish.control
    if control.noCache || control.maxAgeSeconds == 0 {
      return control.onlyIfCached ? .notCached : .unknown
    }
    let flight = self.flights.current(wish.key, wantsDocument: wish.withDocument)
    let otherwise: Expected =
      control.onlyIfCached ? .notCached : flight.map { .underWay($0) } ?? .unknown
    guard let entry = self.entry(wish.key, at: now), entry.hasDocument || !wish.withDocument else {
      return otherwise
    }
    let isYoung = control.maxAgeSeconds.map { now - entry.storedAt <= $0 * 1_000_000_000 } ?? true
    if now < entry.lifetime.freshUntil, isYoung { return .serve(entry.flight, .hit) }
    guard control.maxAgeSeconds == nil, now < entry.lifetime.revalidateUntil else {
      return otherwise
    }
    let withDocument = entry.hasDocument || wish.withDocument
    let isUnderWay = self.flights.current(wish.key, wantsDocument: withDocument) != nil
    return isUnderWay || control.onlyIfCached
      ? .serve(entry.flight, .stale) : .serveAndRefresh(entry.flight, withDocument: withDocument)
  }

  func asked(_ wish: ReadWish, now: Int64) -> Expected {
    let found = self.lookedUp(wish, now: now)
    if case .underWay(let flight) = found { return .join(flight) }
    guard found == .unknown else { return found }
    let isForOthers =
      self.entry(wish.key, at: now).map {
        $0.hasDocument && now < max($0.lifetime.freshUntil, $0.lifetime.revalidateUntil)
      } ?? false
    return .lead(withDocument: wish.withDocument || isForOthers)
  }

  /// The flight that fetched the knowledge that nothing is pending.
  func knownNothingPending(_ wish: ReadWish, now: Int64) -> UInt64? {
    guard case .serve(let flight, .hit) = self.lookedUp(wish, now: now),
      self.entries[wish.key]?.answer == .execution(nil)
    else { return nil }
    return flight
  }

  // MARK: Ends

  /// The flight of the stale answer that is given in place of a failure.
  mutating func flightEnded(
    _ flight: UInt64, _ outcome: ReadOutcome, at moment: ReadMoment
  ) -> UInt64? {
    let key: ReadKey
    let withDocument = self.flights.flights.first { $0.number == flight }?.withDocument
    switch self.flights.ended(flight) {
    case .forgotten: return nil
    case .outdated(let outdated): key = outdated
    case .current(let current):
      key = current
      self.keep(outcome, to: key, withDocument ?? false, flight, at: moment)
    }
    guard case .failure(.unreachable) = outcome, let entry = self.entry(key, at: moment.now),
      moment.now < max(entry.lifetime.freshUntil, entry.lifetime.errorUntil)
    else { return nil }
    return entry.flight
  }

  private mutating func keep(
    _ outcome: ReadOutcome, to key: ReadKey, _ withDocument: Bool, _ flight: UInt64,
    at moment: ReadMoment
  ) {
    switch outcome {
    case .answer(.execution(let execution)):
      self.keep(
        .execution(execution), to: key, withDocument || execution == nil, flight, at: moment)
    case .answer(.pending(let lists)):
      self.keep(.pending(lists), to: key, true, flight, at: moment)
      if lists == PendingJobExecutions() {
        self.keep(.execution(nil), to: .next(of: key.thing), true, flight, at: moment)
      }
    case .failure(.refused(let refusal)):
      self.keep(.refusal(refusal), to: key, true, flight, at: moment)
    case .answer(.refusal), .failure: break
    }
  }

  private mutating func keep(
    _ answer: StoredRead.Answer, to key: ReadKey, _ hasDocument: Bool, _ flight: UInt64,
    at moment: ReadMoment
  ) {
    if let present = self.entry(key, at: moment.now), present.flight > flight { return }
    self.entries[key] = self.lifetimes.lifetime(
      of: answer, to: key, at: moment.now, epochSeconds: moment.epochSeconds,
      random: moment.random
    ).map {
      Entry(
        answer: answer, hasDocument: hasDocument, flight: flight, storedAt: moment.now,
        lifetime: $0)
    }
  }

  mutating func startNextEnded(
    _ end: WriteEnd, of thing: String, ticket: UInt64, at moment: ReadMoment
  ) {
    let close = self.flights.closeTicket(ticket)
    if end == .changed { self.wrote(to: thing) }
    if end == .nothingPending, close == .current {
      self.keep(.execution(nil), to: .next(of: thing), true, ticket, at: moment)
    }
  }

  mutating func wrote(to thing: String) {
    self.flights.wrote(to: thing)
    self.entries = self.entries.filter { $0.key.thing != thing }
  }
}
