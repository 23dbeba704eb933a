// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
@testable import TrafficPolicy

/// A ``ReadState`` and the plain model of it, asked the same questions.
private struct Pair: ~Copyable {
  private var random: SplitMix64
  private var state: ReadState
  private var naive: NaiveReads
  private let lifetimes: Lifetimes
  private var now: Int64 = 0
  private var tickets: [(number: UInt64, thing: String)] = []
  /// How often each kind of answer was given.
  private(set) var seen: [String: Int] = [:]

  init(seed: UInt64) {
    self.random = SplitMix64(seed: seed)
    var settings = ReadCacheSettings()
    settings.terminalTTL = .seconds(5)
    settings.pendingTTL = seed % 2 == 0 ? .seconds(2) : .zero
    settings.staleWhileRevalidate = seed % 3 == 0 ? .zero : .seconds(2)
    settings.staleIfError = seed % 5 == 0 ? .zero : .seconds(4)
    if seed % 7 == 0 { settings.ttl = .zero }
    self.lifetimes = Lifetimes(settings)
    self.state = ReadState(maxBytes: 1 << 20, lifetimes: self.lifetimes)
    self.naive = NaiveReads(settings)
  }

  mutating func step() {
    switch Int.random(in: 0..<20, using: &self.random) {
    case 0..<7: self.ask()
    case 7, 8: self.lookUp()
    case 9..<13: self.endFlight()
    case 13: self.leave()
    case 14: self.startNext()
    case 15: self.endStartNext()
    case 16 where Bool.random(using: &self.random): self.write()
    default: self.now += .random(in: 0..<600_000_000, using: &self.random)
    }
    let (flights, things) = (self.state.flightCount, self.state.thingCount)
    #expect(flights == self.naive.flights.flights.count)
    #expect(things == self.naive.flights.things.count)
  }

  // MARK: Steps

  private mutating func ask() {
    let wish = self.anyWish()
    let expected = self.naive.asked(wish, now: self.now)
    let answer = self.state.asked(wish, now: self.now)
    self.compare(answer, expected, wish)
  }

  private mutating func lookUp() {
    let wish = self.anyWish()
    let expected = self.naive.lookedUp(wish, now: self.now)
    switch self.state.lookedUp(wish, now: self.now) {
    case .atHand(let answer): self.compare(answer, expected, wish)
    case .underWay(let flight): #expect(expected == .underWay(flight))
    case .unknown: #expect(expected == .unknown)
    }
  }

  private mutating func compare(
    _ answer: ReadState.OnRead, _ expected: NaiveReads.Expected, _ wish: ReadWish
  ) {
    let given: NaiveReads.Expected
    switch answer {
    case .serve(let read, let outcome):
      given = .serve(read.flight, outcome)
      self.seen[outcome.rawValue, default: 0] += 1
    case .serveAndRefresh(let read, let flight, let withDocument):
      given = .serveAndRefresh(read.flight, withDocument: withDocument)
      self.began(flight, wish.key, withDocument, isBackground: true)
      self.seen["refresh", default: 0] += 1
    case .join(let flight):
      given = .join(flight)
      self.naive.flights.joined(flight)
      self.seen["join", default: 0] += 1
    case .lead(let flight, let withDocument):
      given = .lead(withDocument: withDocument)
      self.began(flight, wish.key, withDocument, isBackground: false)
      self.seen["forOthers", default: 0] += withDocument == wish.withDocument ? 0 : 1
    case .notCached: given = .notCached
    }
    #expect(given == expected)
  }

  private mutating func began(
    _ flight: UInt64, _ key: ReadKey, _ withDocument: Bool, isBackground: Bool
  ) {
    self.naive.flights.began(
      .init(
        number: flight, key: key, withDocument: withDocument, isBackground: isBackground,
        waiters: isBackground ? 0 : 1))
  }

  private mutating func endFlight() {
    guard let flight = self.naive.flights.flights.randomElement(using: &self.random) else { return }
    let (outcome, moment) = (self.anyOutcome(for: flight.key), self.moment())
    let expected = self.naive.flightEnded(flight.number, outcome, at: moment)
    let yield = self.lifetimes.yield(
      of: outcome, to: flight.key, withDocument: flight.withDocument, flight: flight.number,
      at: moment)
    let end = self.state.flightEnded(flight.number, outcome, leaving: yield, at: moment.now)
    switch end {
    case .deliver: #expect(expected == nil)
    case .deliverStale(let read):
      #expect(expected == read.flight)
      self.seen["staleIfError", default: 0] += 1
    }
  }

  private mutating func leave() {
    let awaited = self.naive.flights.flights.filter { $0.waiters > 0 }
    guard let flight = awaited.randomElement(using: &self.random) else { return }
    let answer = self.state.waiterLeft(flight.number)
    #expect(answer == self.naive.flights.waiterLeft(flight.number))
  }

  private mutating func startNext() {
    let thing = self.anyThing()
    let wish = ReadWish(.next(of: thing), withDocument: false, control: self.anyControl())
    let known = self.state.knownNothingPending(wish, now: self.now)
    #expect(known?.flight == self.naive.knownNothingPending(wish, now: self.now))
    self.seen["known", default: 0] += known == nil ? 0 : 1
    guard known == nil else { return }
    let ticket = self.state.beganStartNext(of: thing)
    self.tickets.append((ticket, thing))
    self.naive.flights.tickets.append(.init(number: ticket, thing: thing))
  }

  private mutating func endStartNext() {
    guard !self.tickets.isEmpty else { return }
    let (ticket, thing) = self.tickets.remove(
      at: .random(in: 0..<self.tickets.count, using: &self.random))
    let end = [WriteEnd.changed, .nothingPending, .nothingPending, .notSent]
      .randomElement(using: &self.random)!
    let moment = self.moment()
    self.state.startNextEnded(end, of: thing, ticket: ticket, at: moment)
    self.naive.startNextEnded(end, of: thing, ticket: ticket, at: moment)
  }

  private mutating func write() {
    let thing = self.anyThing()
    self.state.wrote(to: thing)
    self.naive.wrote(to: thing)
  }

  // MARK: Chance

  private mutating func anyThing() -> String { Bool.random(using: &self.random) ? "t" : "u" }

  private mutating func anyControl() -> CacheControl {
    switch Int.random(in: 0..<12, using: &self.random) {
    case 0: CacheControl(noCache: true)
    case 1: CacheControl(maxAgeSeconds: 0)
    case 2: CacheControl(maxAgeSeconds: 1)
    case 3: CacheControl(onlyIfCached: true)
    case 4: CacheControl(maxAgeSeconds: 1, onlyIfCached: true)
    default: .unspecified
    }
  }

  private mutating func anyWish() -> ReadWish {
    let thing = self.anyThing()
    let key =
      switch Int.random(in: 0..<4, using: &self.random) {
      case 0: ReadKey(thing: thing, .execution(jobID: "j", number: nil))
      case 1: ReadKey(thing: thing, .execution(jobID: "j", number: 1))
      case 2: ReadKey.next(of: thing)
      default: ReadKey(thing: thing, .pending)
      }
    return ReadWish(
      key, withDocument: Bool.random(using: &self.random), control: self.anyControl())
  }

  private mutating func anyOutcome(for key: ReadKey) -> ReadOutcome {
    switch Int.random(in: 0..<10, using: &self.random) {
    case 0, 1: return .failure(.unreachable(""))
    case 2:
      return .failure(
        .refused(
          AWSRefusal(name: "N", httpStatus: 404, message: "", kind: .resourceNotFound)))
    case 3:
      return .failure(
        .refused(AWSRefusal(name: "T", httpStatus: 410, message: "", kind: .terminalState)))
    default: break
    }
    switch key.subject {
    case .pending:
      let isEmpty = Bool.random(using: &self.random)
      return .answer(
        .pending(PendingJobExecutions(queued: isEmpty ? [] : [JobExecutionSummary()])))
    case .execution(let jobID, _):
      var execution = JobExecution()
      execution.status = Bool.random(using: &self.random) ? .inProgress : .succeeded
      let isNothing = jobID == "$next" && Bool.random(using: &self.random)
      return .answer(.execution(isNothing ? nil : execution))
    }
  }

  private mutating func moment() -> ReadMoment {
    ReadMoment(now: self.now, epochSeconds: 0, random: self.random.next())
  }
}

@Suite struct ReadStateModelTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `random histories go as the plain model says`(seed: UInt64) {
    var pair = Pair(seed: seed)
    for _ in 0..<1_000 { pair.step() }
  }

  @Test func `and they meet every kind of answer`() {
    var pair = Pair(seed: 2)
    for _ in 0..<4_000 { pair.step() }
    let seen = pair.seen
    for kind in ["hit", "stale", "refresh", "join", "staleIfError", "known", "forOthers"] {
      #expect(seen[kind, default: 0] > 0, "\(kind)")
    }
  }
}
