// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Testing
@testable import TrafficPolicy

/// A random history of calls, writes and time over one ``ReadState``, which holds every answer
/// against the rule: none is older than what its caller had seen acknowledged.
///
/// Upstream is a number for each thing, its version. A write has three moments (it begins, AWS
/// applies it, it ends here) and so has a read (it begins, AWS looks, it ends here); between them
/// anything may happen. Something is pending at even versions only, so that a "nothing" can be
/// wrong too.
struct CoherenceHistory: ~Copyable {
  typealias Number = FlightTable.Number

  private struct Thing {
    var version: Int64 = 2
    /// The latest version that a caller has seen acknowledged.
    var acknowledged: Int64 = 2
  }

  private struct Caller {
    var wish: ReadWish
    /// What was acknowledged when it asked.
    var floor: Int64
  }

  private struct Read {
    var number: Number
    var key: ReadKey
    var withDocument: Bool
    var callers: [Caller]
    /// What AWS looked at; nil before it did.
    var version: Int64?
  }

  private enum WriteStage {
    case begun
    case applied(Int64)
    case foundNothing
  }

  private struct Write {
    var thing: String
    /// Nil for an update.
    var ticket: Number?
    var stage = WriteStage.begun
  }

  private var random: SplitMix64
  private var state: ReadState
  private let lifetimes: Lifetimes
  private var now: Int64 = 0
  private var things = ["t": Thing(), "u": Thing()]
  private var reads: [Read] = []
  private var writes: [Write] = []
  /// Cut off here before AWS applied them, which it may do yet.
  private var cutOff: [String] = []
  private(set) var answers = 0
  private(set) var storedAnswers = 0

  init(seed: UInt64) {
    self.random = SplitMix64(seed: seed)
    var settings = ReadCacheSettings()
    settings.pendingTTL = .seconds(1)
    if seed % 3 == 0 { settings.staleWhileRevalidate = .seconds(2) }
    if seed % 2 == 0 { settings.staleIfError = .seconds(3) }
    self.lifetimes = Lifetimes(settings)
    self.state = ReadState(maxBytes: 1 << 20, lifetimes: self.lifetimes)
  }

  mutating func run(steps: Int) {
    for _ in 0..<steps {
      switch Int.random(in: 0..<30, using: &self.random) {
      case 0..<10: self.ask()
      case 10..<15: self.look()
      case 15..<21: self.endRead()
      case 21: self.leave()
      case 22: self.writes.append(Write(thing: self.anyThing()))
      case 23: self.beginStartNext()
      case 24, 25: self.apply()
      case 26, 27: self.endWrite()
      default: self.now += Int64.random(in: 0..<500_000_000, using: &self.random)
      }
    }
    self.finish()
  }

  /// Nothing is left behind when everything has ended.
  private mutating func finish() {
    while !self.reads.isEmpty {
      self.look()
      self.endRead()
    }
    for write in self.writes {
      guard let ticket = write.ticket else { continue }
      self.state.startNextEnded(
        .notSent, of: write.thing, ticket: ticket, at: self.moment())
    }
    let (flights, things) = (self.state.flightCount, self.state.thingCount)
    #expect(flights == 0 && things == 0)
  }

  private mutating func anyThing() -> String { Bool.random(using: &self.random) ? "t" : "u" }

  private mutating func moment() -> ReadMoment {
    ReadMoment(now: self.now, epochSeconds: 0, random: self.random.next())
  }

  private mutating func index(in range: Range<Int>) -> Int? {
    range.isEmpty ? nil : Int.random(in: range, using: &self.random)
  }
}

// MARK: - Reads

extension CoherenceHistory {
  private mutating func anyWish() -> ReadWish {
    let thing = self.anyThing()
    let key =
      switch Int.random(in: 0..<4, using: &self.random) {
      case 0: ReadKey(thing: thing, .execution(jobID: "j", number: nil))
      case 1: ReadKey(thing: thing, .execution(jobID: "j", number: 1))
      case 2: ReadKey.next(of: thing)
      default: ReadKey(thing: thing, .pending)
      }
    var control = CacheControl.unspecified
    switch Int.random(in: 0..<10, using: &self.random) {
    case 0: control.noCache = true
    case 1: control.maxAgeSeconds = .random(in: 0...2, using: &self.random)
    case 2: control.onlyIfCached = true
    default: break
    }
    return ReadWish(key, withDocument: Bool.random(using: &self.random), control: control)
  }

  private mutating func ask() {
    let wish = self.anyWish()
    let caller = Caller(wish: wish, floor: self.things[wish.key.thing]!.acknowledged)
    if Bool.random(using: &self.random) {
      guard case .atHand(let answer) = self.state.lookedUp(wish, now: self.now) else { return }
      self.take(answer, for: caller)
    } else {
      self.take(self.state.asked(wish, now: self.now), for: caller)
    }
  }

  private mutating func take(_ answer: ReadState.OnRead, for caller: Caller) {
    let wish = caller.wish
    switch answer {
    case .serve(let read, _):
      self.check(read, for: caller)
    case .serveAndRefresh(let read, let flight, let withDocument):
      self.check(read, for: caller)
      self.reads.append(
        Read(number: flight, key: wish.key, withDocument: withDocument, callers: []))
    case .lead(let flight, let withDocument):
      self.reads.append(
        Read(number: flight, key: wish.key, withDocument: withDocument, callers: [caller]))
    case .join(let flight):
      let index = self.reads.firstIndex { $0.number == flight }!
      self.reads[index].callers.append(caller)
    case .notCached: break
    }
  }

  /// AWS looks at what a read asks for.
  private mutating func look() {
    let waiting = self.reads.indices.filter { self.reads[$0].version == nil }
    guard let index = waiting.randomElement(using: &self.random) else { return }
    self.reads[index].version = self.things[self.reads[index].key.thing]!.version
  }

  private mutating func endRead() {
    let looked = self.reads.indices.filter { self.reads[$0].version != nil }
    guard let index = looked.randomElement(using: &self.random) else { return }
    let read = self.reads.remove(at: index)
    let isFailure = Int.random(in: 0..<5, using: &self.random) == 0
    let outcome =
      isFailure
      ? ReadOutcome.failure(.unreachable(""))
      : .answer(Self.answer(to: read.key, version: read.version!))
    let moment = self.moment()
    let yield = self.lifetimes.yield(
      of: outcome, to: read.key, withDocument: read.withDocument, flight: read.number,
      at: moment)
    let end = self.state.flightEnded(read.number, outcome, leaving: yield, at: moment.now)
    for caller in read.callers {
      switch (end, outcome) {
      case (.deliverStale(let stale), _):
        if caller.wish.takes(stale: stale) { self.check(stale, for: caller) }
      case (.deliver, .answer(let answer)): self.check(answer, for: caller)
      case (.deliver, .failure): break
      }
    }
  }

  private mutating func leave() {
    let awaited = self.reads.indices.filter { !self.reads[$0].callers.isEmpty }
    guard let index = awaited.randomElement(using: &self.random) else { return }
    self.reads[index].callers.removeLast()
    if self.state.waiterLeft(self.reads[index].number) == .abandon {
      // Its task may end with an answer yet, which must do no harm.
      #expect(self.reads[index].callers.isEmpty)
    }
  }

  private static func answer(to key: ReadKey, version: Int64) -> StoredRead.Answer {
    var execution = JobExecution()
    execution.versionNumber = version
    let isNothing = version % 2 == 1
    switch key.subject {
    case .execution(jobID: "$next", _): return .execution(isNothing ? nil : execution)
    case .execution: return .execution(execution)
    case .pending:
      var row = JobExecutionSummary()
      row.versionNumber = version
      return .pending(PendingJobExecutions(queued: isNothing ? [] : [row]))
    }
  }

  private mutating func check(_ read: StoredRead, for caller: Caller) {
    self.storedAnswers += 1
    self.check(
      read.answer(at: self.now, withDocument: caller.wish.withDocument), for: caller)
  }

  private mutating func check(_ answer: StoredRead.Answer, for caller: Caller) {
    self.answers += 1
    let version: Int64?
    switch answer {
    case .execution(let execution): version = execution?.versionNumber
    case .pending(let lists): version = lists.queued.first?.versionNumber
    case .refusal:
      Issue.record("nothing was refused")
      return
    }
    if let version {
      #expect(version >= caller.floor, "older than was acknowledged")
    } else {
      // Nothing was pending at some moment since, if that was so at the floor or anything changed.
      let isPossible =
        caller.floor % 2 == 1 || self.things[caller.wish.key.thing]!.version > caller.floor
      #expect(isPossible, "a nothing from before what was acknowledged")
    }
  }
}

// MARK: - Writes

extension CoherenceHistory {
  private mutating func beginStartNext() {
    let thing = self.anyThing()
    let wish = ReadWish(.next(of: thing), withDocument: false)
    let caller = Caller(wish: wish, floor: self.things[thing]!.acknowledged)
    if let read = self.state.knownNothingPending(wish, now: self.now) {
      return self.check(read, for: caller)
    }
    self.writes.append(Write(thing: thing, ticket: self.state.beganStartNext(of: thing)))
  }

  /// AWS applies a write, perhaps one that nobody here knows of any more.
  private mutating func apply() {
    if !self.cutOff.isEmpty, Bool.random(using: &self.random) {
      self.things[self.cutOff.removeLast()]!.version += 1
      return
    }
    let waiting = self.writes.indices.filter {
      if case .begun = self.writes[$0].stage { true } else { false }
    }
    guard let index = waiting.randomElement(using: &self.random) else { return }
    let write = self.writes[index]
    let version = self.things[write.thing]!.version
    if write.ticket != nil, version % 2 == 1 {
      self.writes[index].stage = .foundNothing
    } else {
      // What a start-next starts is pending still.
      self.things[write.thing]!.version += write.ticket == nil ? 1 : 2
      self.writes[index].stage = .applied(self.things[write.thing]!.version)
    }
  }

  private mutating func endWrite() {
    guard let index = self.index(in: 0..<self.writes.count) else { return }
    let write = self.writes.remove(at: index)
    switch write.stage {
    case .applied(let version):
      self.end(write, .changed)
      // Its answer leaves only now, and is lost at times.
      if Int.random(in: 0..<5, using: &self.random) > 0 {
        let acknowledged = self.things[write.thing]!.acknowledged
        self.things[write.thing]!.acknowledged = max(acknowledged, version)
      }
    case .foundNothing:
      self.end(write, .nothingPending)
    case .begun:
      if Bool.random(using: &self.random) {
        self.end(write, .notSent)
      } else {
        self.end(write, .changed)
        self.cutOff.append(write.thing)
      }
    }
  }

  private mutating func end(_ write: Write, _ end: WriteEnd) {
    if let ticket = write.ticket {
      self.state.startNextEnded(end, of: write.thing, ticket: ticket, at: self.moment())
    } else if end == .changed {
      self.state.wrote(to: write.thing)
    }
  }
}
