// SPDX-License-Identifier: Apache-2.0

// Reads decides how each read is answered: from what is stored, with others who ask the same, or by
// AWS; and what a write leaves of all that. It keeps answers in the Cache and sends what must be
// sent to the backend behind it; it knows nothing of limits, budgets and connections.

import JobsAPI

/// What is stored and what is under way for one part of all things.
///
/// ## The rule
///
/// After a caller has seen an update or a start-next of a thing acknowledged, no call through this
/// process is answered with an older state of that thing.
///
/// ## Why it holds
///
/// Every event here is one step under one lock, so the steps have an order. A write of a thing has
/// one step, ``wrote(to:)``, taken after AWS has answered and before the answer is handed on.
/// A flight has two: its beginning, before its request is made, and its end, after its answer came.
/// In ``wrote(to:)`` all that is stored of the thing is removed, and every flight and ticket that
/// is under way stops being current. Only a flight that is current at its end is stored, and only
/// one that is current is joined. So at every moment these two hold, and every step keeps them:
///
/// 1. what is stored of a thing was fetched by a flight (or a start-next) that began after the last
///    write of the thing ended here;
/// 2. whoever joins a flight joins one that began after the last write of the thing ended here.
///
/// Let a caller have seen the acknowledgement of a write W, and let a call C begin after that. W's
/// step lies before the acknowledgement, the acknowledgement before C, and C before its own step of
/// asking; whichever threads and event loops these are on, the lock and the network order them so.
/// C is answered from the store, by a flight it joins, or by one it leads; by 1, 2 or plainly, that
/// read's request was made after W's step, hence after AWS applied W.
///
/// The cases that this covers without a word of their own:
/// - A read that began during W. If it ends before W's step, W's step removes what it stored; if it
///   ends after, it is outdated then, and is not stored. Those who joined it did so before W's step,
///   hence before the acknowledgement: for them either state is right.
/// - Several writes at once. Each has its own step, and each step outdates what it finds.
/// - A refresh in the background is a flight as any other, and so is one that bypasses the store.
/// - A start-next that found nothing takes its ticket when it begins, and is stored by the same
///   condition. It changed nothing, so it is no write.
/// - An answer that is given past its time was stored once, so 1 is true of it too. Two flights of
///   one key may end in either order: what came by the earlier one never replaces what came by the
///   later, which the store sees to.
///
/// A write counts as such however it ended, unless AWS surely saw nothing of it
/// (``WriteEnd/notSent``).
///
/// ## What it does not promise
///
/// - That others' writes are seen at once: the console, devices over MQTT and other replicas of this
///   gateway write unseen, which is what the time to live bounds. Callers that need more say
///   `no-cache`.
/// - More than AWS's own reads promise. If AWS answers a read with a state older than a write it has
///   acknowledged, so do we.
/// - Anything about a write without an acknowledgement. One that was cut off may be applied by AWS
///   after it ended here, and a read that came between is stored until its time is over.
/// - That two readers see others' writes in the same order.
struct ReadState: ~Copyable {
  typealias Number = FlightTable.Number

  private var store: ReadStore
  private var table = FlightTable()
  private var lifetimes: Lifetimes

  init(maxBytes: Int, lifetimes: Lifetimes) {
    self.store = ReadStore(maxBytes: maxBytes)
    self.lifetimes = lifetimes
  }

  /// By these is said what is kept of an answer that comes now; nil if nothing is stored.
  var storingLifetimes: Lifetimes? { self.store.maxBytes > 0 ? self.lifetimes : nil }

  /// Answers are kept by other rules from now on. What is stored keeps its life.
  mutating func changed(lifetimes: Lifetimes) {
    self.lifetimes = lifetimes
  }

  /// As ``ReadStore/moveBound(to:dropping:at:)``.
  mutating func moveBound(to maxBytes: Int, dropping count: Int, at now: Int64) -> Bool {
    self.store.moveBound(to: maxBytes, dropping: count, at: now)
  }

  /// As ``ReadStore/visit(from:places:_:)``.
  func visit(from place: Int, places: Int, _ visit: (StoredRead) -> Void) -> Int? {
    self.store.visit(from: place, places: places, visit)
  }

  /// What the store holds and has given up.
  var levels: StoreLevels {
    StoreLevels(
      bytes: self.store.bytes, entries: self.store.count, evictions: self.store.evictions)
  }

  var snapshot: CacheSnapshot.Part {
    CacheSnapshot.Part(
      bytes: self.store.bytes, maxBytes: self.store.maxBytes, entries: self.store.count,
      flights: self.table.flightCount, evictions: self.store.evictions)
  }

  /// Flights under way, for tests.
  var flightCount: Int { self.table.flightCount }
  /// Things that have a record besides their stored answers, for tests.
  var thingCount: Int { self.table.thingCount }
}

/// When an outcome came, and what its storing needs besides.
struct ReadMoment: Equatable, Sendable {
  /// On ``PolicyClock``'s scale.
  var now: Int64
  /// The same instant by the wall clock.
  var epochSeconds: Int64
  /// Any 64 random bits.
  var random: UInt64
}

// MARK: - Asking

extension ReadState {
  /// How a read is to be answered.
  enum OnRead: Equatable {
    case serve(StoredRead, CacheResult.Outcome)
    /// Serve the answer as stale, and begin this flight in the background.
    case serveAndRefresh(StoredRead, flight: Number, withDocument: Bool)
    /// Wait for a flight that others began.
    case join(flight: Number)
    /// Begin this flight and wait for it. It may bring a document that this caller has no use for.
    case lead(flight: Number, withDocument: Bool)
    /// Nothing is stored for a caller that would not have AWS asked.
    case notCached
  }

  /// What there is for a caller who has not begun to wait.
  enum OnLook: Equatable {
    /// The answer; it is no flight to wait for.
    case atHand(OnRead)
    /// The flight that the caller would join. Nothing has changed.
    case underWay(Number)
    /// AWS would have to be asked. Nothing has changed.
    case unknown
  }

  /// A caller looks. If it has to wait, ``asked(_:now:)`` is next.
  mutating func lookedUp(_ wish: ReadWish, now: Int64) -> OnLook {
    if !wish.bypasses {
      let found = self.store.lookup(wish.key, at: now) { read in
        wish.serving(of: read, at: now).map { (read, $0) }
      }
      switch found {
      case (let read, .fresh)?: return .atHand(.serve(read, .hit))
      case (let read, .stale)?: return .atHand(self.serveStale(read, to: wish))
      case nil: break
      }
    }
    if wish.control.onlyIfCached { return .atHand(.notCached) }
    if !wish.bypasses,
      let flight = self.table.current(wish.key, wantsDocument: wish.withDocument)
    {
      return .underWay(flight)
    }
    return .unknown
  }

  /// The caller asks and will wait if it must.
  mutating func asked(_ wish: ReadWish, now: Int64) -> OnRead {
    switch self.lookedUp(wish, now: now) {
    case .atHand(let answer): return answer
    case .underWay(let flight):
      self.table.joined(flight)
      return .join(flight: flight)
    case .unknown: return self.lead(wish, now: now)
    }
  }

  private mutating func lead(_ wish: ReadWish, now: Int64) -> OnRead {
    // What is fetched takes the place of what is stored, so it must serve whom that serves.
    let present = self.store.peek(wish.key, at: now)
    let isForOthers = present.map { $0.hasDocument && $0.servesWhileRevalidating(at: now) } ?? false
    let withDocument = wish.withDocument || isForOthers
    let flight = self.table.began(wish.key, withDocument: withDocument, isBackground: false)
    return .lead(flight: flight, withDocument: withDocument)
  }

  private mutating func serveStale(_ read: StoredRead, to wish: ReadWish) -> OnRead {
    // What is fetched takes the place of what is served, so it must serve whom that served.
    let withDocument = read.hasDocument || wish.withDocument
    guard !wish.control.onlyIfCached,
      self.table.current(wish.key, wantsDocument: withDocument) == nil
    else { return .serve(read, .stale) }
    let flight = self.table.began(wish.key, withDocument: withDocument, isBackground: true)
    return .serveAndRefresh(read, flight: flight, withDocument: withDocument)
  }
}

// MARK: - Flights

extension ReadState {
  /// What those who waited for a flight get.
  enum OnFlightEnd: Equatable {
    /// Its outcome.
    case deliver
    /// This answer, past its time, for those who take it; its failure for the others.
    case deliverStale(StoredRead)
  }

  /// A flight's outcome is known. It is to be delivered to whoever waits, if anybody does.
  ///
  /// - Parameter yield: what is kept of it, unless a write has outdated the flight.
  mutating func flightEnded(
    _ flight: Number, _ outcome: ReadOutcome, leaving yield: ReadYield, at now: Int64
  ) -> OnFlightEnd {
    let key: ReadKey
    switch self.table.ended(flight) {
    case .forgotten: return .deliver
    case .outdated(let outdated): key = outdated
    case .current(let current):
      key = current
      self.keep(yield.own, flight, at: now)
      self.keep(yield.next, flight, at: now)
    }
    guard case .failure(let cause) = outcome, let read = self.standIn(for: cause, key, at: now)
    else { return .deliver }
    return .deliverStale(read)
  }

  /// The answer that may be given in place of a failure; for who takes it.
  mutating func standIn(
    for cause: JobsFailure.Cause, _ key: ReadKey, at now: Int64
  ) -> StoredRead? {
    guard !cause.isAnswer else { return nil }
    return self.store.lookup(key, at: now) { $0.servesOnError(at: now) ? $0 : nil }
  }

  /// A caller who waited is gone.
  mutating func waiterLeft(_ flight: Number) -> FlightTable.OnLeave {
    self.table.waiterLeft(flight)
  }

  private mutating func keep(
    _ change: ReadYield.Change?, _ number: Number, at now: Int64
  ) {
    switch change {
    case .store(let read): _ = self.store.store(read, at: now)
    case .remove(let key): self.store.remove(key, outdatedBy: number)
    case nil: return
    }
  }
}

// MARK: - Writes

/// What a write may have left behind, as far as it is known here.
enum WriteEnd: Equatable {
  /// It changed the thing, or may have.
  case changed
  /// A start-next that found nothing pending, and so changed nothing.
  case nothingPending
  /// AWS surely saw nothing of it.
  case notSent
}

extension ReadState {
  /// The answer that says that nothing is pending, if there is a fresh one that the caller would
  /// have in place of a start-next.
  ///
  /// - Parameter wish: for the thing's `$next`.
  mutating func knownNothingPending(_ wish: ReadWish, now: Int64) -> StoredRead? {
    guard !wish.bypasses else { return nil }
    return self.store.lookup(wish.key, at: now) { read in
      read.saysNothingPending && wish.takes(fresh: read, at: now) ? read : nil
    }
  }

  /// A start-next is about to be sent. Its end is told with the ticket.
  mutating func beganStartNext(of thing: String) -> Number {
    self.table.openTicket(of: thing)
  }

  /// A start-next has ended, and its answer has not left yet.
  mutating func startNextEnded(
    _ end: WriteEnd, of thing: String, ticket: Number, at moment: ReadMoment
  ) {
    let close = self.table.closeTicket(ticket, of: thing)
    switch end {
    case .changed: self.wrote(to: thing)
    case .nothingPending where close == .current:
      guard let lifetimes = self.storingLifetimes else { return }
      let change = lifetimes.nothingPending(of: thing, ticket, at: moment)
      self.keep(change, ticket, at: moment.now)
    case .nothingPending, .notSent: return
    }
  }

  /// A write of the thing has ended in a way that may have changed it, and its answer has not left
  /// yet.
  mutating func wrote(to thing: String) {
    self.store.removeAll(ofThing: thing)
    self.table.wrote(to: thing)
  }
}

extension StoredRead: Equatable {
  /// An answer is itself alone: one that says the same has another age.
  package static func == (left: StoredRead, right: StoredRead) -> Bool { left === right }
}
