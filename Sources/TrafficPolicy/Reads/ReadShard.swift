// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization
import Telemetry

/// One part of all things: its ``ReadState`` under a lock, and those who wait for its flights.
///
/// Each door takes the lock, lets the state decide, and acts when it has released the lock.
final class ReadShard: Sendable {
  typealias Number = FlightTable.Number

  /// Who waits for a flight, and what would stop it.
  private struct Desk {
    var task: Task<Void, Never>?
    var seats: [ObjectIdentifier: FlightSeat] = [:]
    /// Of whoever leads the flight.
    var trace: TraceContext?
  }

  private struct Guarded: ~Copyable {
    var state: ReadState
    var desks: [Number: Desk] = [:]
    var isStopped = false

    /// Takes a seat, for ``FlightSeat/wait(orLeave:)`` after the lock is released.
    mutating func seat(in flight: Number) -> FlightSeat {
      let seat = FlightSeat()
      self.desks[flight, default: Desk()].seats[ObjectIdentifier(seat)] = seat
      return seat
    }
  }

  /// Entries that are given up or shown while the lock is held once, some tens of microseconds.
  private static let slice = 256

  private let guarded: Mutex<Guarded>

  init(maxBytes: Int, lifetimes: Lifetimes) {
    self.guarded = Mutex(Guarded(state: ReadState(maxBytes: maxBytes, lifetimes: lifetimes)))
  }

  var levels: StoreLevels { self.guarded.withLock { $0.state.levels } }

  /// Puts other settings in force, and gives up what there is no room for any more, a little at a
  /// time.
  func change(maxBytes: Int, lifetimes: Lifetimes, now: Int64) {
    self.guarded.withLock { $0.state.changed(lifetimes: lifetimes) }
    while !self.guarded.withLock({
      $0.state.moveBound(to: maxBytes, dropping: Self.slice, at: now)
    }) {}
  }

  var snapshot: CacheSnapshot.Part { self.guarded.withLock { $0.state.snapshot } }

  /// Shows what is stored, a little at a time: what comes or goes meanwhile may be missed.
  func visitAll(_ visit: (StoredRead) -> Void) {
    var place: Int? = 0
    while let next = place {
      place = self.guarded.withLock { guarded in
        guarded.state.visit(from: next, places: Self.slice, visit)
      }
    }
  }

  /// Flights under way and things with a record besides their stored answers, for tests.
  var underWay: (flights: Int, things: Int) {
    self.guarded.withLock { ($0.state.flightCount, $0.state.thingCount) }
  }
}

// MARK: - Reads

extension ReadShard {
  /// As ``ReadState/OnRead``, with the seats that were taken.
  enum OnRead {
    case serve(StoredRead, CacheResult.Outcome)
    case serveAndRefresh(StoredRead, flight: Number, withDocument: Bool)
    /// With the trace of whoever leads the flight, if it is recorded.
    case join(flight: Number, FlightSeat, leader: TraceContext?)
    case lead(flight: Number, withDocument: Bool, FlightSeat)
    case notCached
  }

  func lookedUp(_ wish: ReadWish, now: Int64) -> ReadState.OnLook {
    self.guarded.withLock { guarded in
      let answer = guarded.state.lookedUp(wish, now: now)
      if case .atHand(.serveAndRefresh(_, let flight, _)) = answer {
        guarded.desks[flight] = Desk()
      }
      return answer
    }
  }

  func standIn(for cause: JobsFailure.Cause, _ key: ReadKey, at now: Int64) -> StoredRead? {
    self.guarded.withLock { $0.state.standIn(for: cause, key, at: now) }
  }

  /// - Parameter trace: of the call that asks; nil if it is not recorded.
  func asked(_ wish: ReadWish, now: Int64, trace: TraceContext? = nil) -> OnRead {
    self.guarded.withLock { guarded in
      switch guarded.state.asked(wish, now: now) {
      case .serve(let read, let outcome): return .serve(read, outcome)
      case .serveAndRefresh(let read, let flight, let withDocument):
        guarded.desks[flight] = Desk(trace: trace)
        return .serveAndRefresh(read, flight: flight, withDocument: withDocument)
      case .join(let flight):
        let leader = guarded.desks[flight]?.trace
        return .join(flight: flight, guarded.seat(in: flight), leader: leader)
      case .lead(let flight, let withDocument):
        guarded.desks[flight] = Desk(trace: trace)
        return .lead(flight: flight, withDocument: withDocument, guarded.seat(in: flight))
      case .notCached: return .notCached
      }
    }
  }

  /// The flight's task is there, to be cancelled when nobody waits any more; one in the background
  /// by ``stop()`` alone.
  func launched(_ task: Task<Void, Never>, as flight: Number) {
    let isStopped = self.guarded.withLock { guarded in
      // Without a desk the flight has ended already.
      guarded.desks[flight]?.task = task
      return guarded.isStopped
    }
    if isStopped { task.cancel() }
  }

  /// Cancels every flight, and each that begins from now on.
  func stop() {
    let tasks = self.guarded.withLock { guarded in
      guarded.isStopped = true
      return guarded.desks.values.compactMap(\.task)
    }
    for task in tasks { task.cancel() }
  }

  /// A caller leaves its seat. The last to leave cancels the flight.
  func left(_ seat: FlightSeat, of flight: Number) {
    let task = self.guarded.withLock { guarded -> Task<Void, Never>? in
      guarded.desks[flight]?.seats[ObjectIdentifier(seat)] = nil
      switch guarded.state.waiterLeft(flight) {
      case .carryOn: return nil
      case .abandon: return guarded.desks.removeValue(forKey: flight)?.task
      }
    }
    task?.cancel()
  }

  /// The flight that sent a call is over: everyone who waits is told. Not inlined, so that the frame
  /// of a flight has no room for what only its end needs.
  @inline(never)
  func flightEnded(
    _ flight: Number, _ call: ReadCall, _ outcome: ReadOutcome, _ trace: UpstreamTrace,
    at moment: ReadMoment
  ) {
    let lifetimes = self.guarded.withLock { $0.state.storingLifetimes }
    let yield = lifetimes?.yield(
      of: outcome, to: call.key, withDocument: call.wantsDocument, flight: flight, at: moment)
    let (answer, desk) = self.guarded.withLock { guarded in
      let answer = guarded.state.flightEnded(
        flight, outcome, leaving: yield ?? ReadYield(), at: moment.now)
      return (answer, guarded.desks.removeValue(forKey: flight))
    }
    guard let desk else { return }
    let stale: StoredRead? = if case .deliverStale(let read) = answer { read } else { nil }
    let end = FlightEnd(outcome, trace, stale: stale, now: moment.now)
    for seat in desk.seats.values { seat.ended(end) }
  }
}

// MARK: - Writes

extension ReadShard {
  func knownNothingPending(_ wish: ReadWish, now: Int64) -> StoredRead? {
    self.guarded.withLock { $0.state.knownNothingPending(wish, now: now) }
  }

  func beganStartNext(of thing: String) -> Number {
    self.guarded.withLock { $0.state.beganStartNext(of: thing) }
  }

  func startNextEnded(
    _ end: WriteEnd, of thing: String, ticket: Number, at moment: ReadMoment
  ) {
    self.guarded.withLock {
      $0.state.startNextEnded(end, of: thing, ticket: ticket, at: moment)
    }
  }

  func wrote(to thing: String) {
    self.guarded.withLock { $0.state.wrote(to: thing) }
  }
}
