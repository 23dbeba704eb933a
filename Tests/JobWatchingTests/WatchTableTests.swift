// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import JobWatching

private let second: Int64 = 1_000_000_000

/// A table with what drives it: the time, and what AWS would say.
private struct Driven: ~Copyable {
  var table: WatchTable
  var now: Int64 = 0
  var lists: [String: PendingJobExecutions] = [:]
  private(set) var polls: [(thing: String, at: Int64)] = []
  private var lastRandom: UInt64 = 0

  init(readsPerSecond: Double? = nil, _ change: (inout WatchSettings) -> Void = { _ in }) {
    var settings = WatchSettings()
    change(&settings)
    self.table = WatchTable(settings)
    self.table.paceChanged(readsPerSecond: readsPerSecond)
  }

  mutating func watch(
    _ things: [String], as watcher: WatcherID, knowing known: [UInt64: UInt64] = [:]
  ) -> [WatchPosition] {
    var random = self.lastRandom
    defer { self.lastRandom = random }
    let answer = self.table.watch(things, as: watcher, knowing: known, now: self.now) {
      random += 1
      return random
    }
    guard case .watching(let positions) = answer else { return [] }
    return positions
  }

  mutating func wait(for job: String, of thing: String, as watcher: WatcherID) {
    _ = self.table.wait(for: ExecutionKey(job, nil), of: thing, as: watcher, now: self.now) { 77 }
  }

  /// Carries out what is due; answers who was woken.
  @discardableResult
  mutating func poll(_ outcome: Result<PendingJobExecutions, JobsFailure>? = nil) -> Set<WatcherID>
  {
    var woken: Set<WatcherID> = []
    while let order = self.table.nextOrder(now: self.now) {
      guard case .poll(let thing) = order else { continue }
      self.polls.append((thing, self.now))
      let lists = self.lists[thing] ?? PendingJobExecutions()
      woken.formUnion(
        self.table.polled(thing, outcome ?? .success(lists), now: self.now, random: 0).wake)
    }
    return woken
  }

  /// Lets time pass, polling whenever it is due.
  mutating func advance(_ duration: Int64) {
    let end = self.now + duration
    while let due = self.table.nextDue(), due <= end {
      self.now = max(self.now, due)
      self.poll()
    }
    self.now = end
  }

  func words(after position: WatchPosition) -> String {
    switch self.table.news(after: position) {
    case .nothing: "nothing"
    case .news(.snapshot(_, let pending), _):
      "snapshot \(pending.inProgress.count) \(pending.queued.count)"
    case .news(.change(_, let change), _): change.words
    case .news(.heartbeat, _): "heartbeat"
    case .refused: "refused"
    }
  }
}

@Suite struct WatchTablePollTests {
  @Test func `however many watch a thing, there is one poll of it`() {
    var driven = Driven()
    for watcher in 1...1_000 { _ = driven.watch(["t"], as: WatcherID(watcher)) }
    let woken = driven.poll()
    #expect(woken.count == 1_000)
    #expect(driven.polls.count == 1)
    driven.advance(3_600 * second)
    // At the ceiling, less a tenth that the dice take: an hour has 133 polls and the climb.
    #expect(driven.polls.count < 145)
  }

  @Test func `polls of one thing are the least interval apart`() {
    var driven = Driven()
    _ = driven.watch(["t"], as: 1)
    for round in 0..<50 {
      driven.lists["t"] = .lists([], ["job-\(round)"])
      driven.advance(second / 3)
      _ = driven.table.writeEnded(on: "t", since: nil, .unclear, now: driven.now)
    }
    let times = driven.polls.map(\.at)
    #expect(times.count > 10)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= second })
  }

  @Test func `a change makes polls frequent again`() {
    var driven = Driven()
    _ = driven.watch(["t"], as: 1)
    driven.advance(600 * second)
    driven.lists["t"] = .lists([], ["a"])
    driven.advance(60 * second)
    let before = driven.polls.count
    driven.lists["t"] = .lists([], ["b"])
    driven.advance(40 * second)
    #expect(driven.polls.count - before >= 4)
  }

  @Test func `when reads are short, every thing is polled, only later`() {
    var driven = Driven(readsPerSecond: 20)
    for thing in 0..<1_000 { _ = driven.watch(["t\(thing)"], as: WatcherID(thing)) }
    // Ten polls a second are half of the reads; three of four go to things that never had one.
    driven.advance(140 * second)
    #expect(Set(driven.polls.map(\.thing)).count == 1_000)
    let before = driven.polls.count
    #expect((1_395...1_411).contains(before))
    driven.advance(300 * second)
    let counts = Dictionary(grouping: driven.polls.dropFirst(before), by: \.thing).mapValues(
      \.count)
    #expect(counts.count == 1_000)
    #expect(counts.values.allSatisfy { (2...4).contains($0) })
  }

  @Test func `a newcomer does not wait behind all that is due`() {
    var driven = Driven(readsPerSecond: 2)
    for thing in 0..<50 { _ = driven.watch(["t\(thing)"], as: WatcherID(thing)) }
    driven.advance(200 * second)
    _ = driven.watch(["new"], as: 99)
    driven.advance(3 * second)
    #expect(driven.polls.contains { $0.thing == "new" })
  }

  @Test func `what fails is asked again later, and nobody hears of it`() {
    var driven = Driven()
    let position = driven.watch(["t"], as: 1)[0]
    expect(driven.poll(.failure(JobsFailure(.unreachable("")))), is: [])
    #expect(driven.words(after: position) == "nothing")
    // Twice the floor, less the tenth that the dice take.
    expect(driven.table.nextDue(), is: 1_800_000_000)
    driven.lists["t"] = .lists([], ["a"])
    driven.advance(5 * second)
    #expect(driven.words(after: position) == "snapshot 0 1")
  }

  @Test func `who is told to come back later does`() {
    var driven = Driven()
    _ = driven.watch(["t"], as: 1)
    driven.poll(.failure(JobsFailure(.budgetExhausted(.read, retryAfterMilliseconds: 7_000))))
    expect(driven.table.nextDue().map { $0 >= 6 * second }, is: true)
  }

  @Test func `a refusal for good is told, and forgotten when somebody comes anew`() {
    var driven = Driven()
    let position = driven.watch(["t"], as: 1)[0]
    let refusal = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "", kind: .resourceNotFound)
    expect(driven.poll(.failure(JobsFailure(.refused(refusal)))), is: [1])
    #expect(driven.words(after: position) == "refused")
    expect(driven.table.nextDue(), is: nil)
    driven.table.stop(["t"], as: 1, now: driven.now)
    let again = driven.watch(["t"], as: 2)[0]
    driven.now += second
    driven.poll()
    #expect(driven.words(after: again) == "snapshot 0 0")
  }
}

@Suite struct WatchTableMemoryTests {
  @Test func `who comes back in time gets what was missed`() {
    var driven = Driven()
    var position = driven.watch(["t"], as: 1)[0]
    driven.poll()
    guard case .news(_, let known) = driven.table.news(after: position) else {
      Issue.record("no snapshot")
      return
    }
    driven.table.stop(["t"], as: 1, now: driven.now)
    driven.advance(30 * second)
    #expect(driven.polls.count == 1)
    driven.lists["t"] = .lists(["a"], [])
    position = driven.watch(["t"], as: 2, knowing: [known.incarnation: known.sequence!])[0]
    // Not before it is known to be so now.
    #expect(driven.words(after: position) == "nothing")
    driven.poll()
    #expect(driven.words(after: position) == "added a")
  }

  @Test func `a thing is forgotten when nobody came back`() {
    var driven = Driven()
    let position = driven.watch(["t"], as: 1)[0]
    driven.poll()
    driven.table.stop(["t"], as: 1, now: driven.now)
    driven.advance(59 * second)
    #expect(driven.table.count == 1)
    driven.advance(2 * second)
    #expect(driven.table.count == 0)
    expect(driven.table.nextDue(), is: nil)
    let again = driven.watch(["t"], as: 2)[0]
    #expect(again.incarnation != position.incarnation)
  }

  @Test func `there is room for as many things as are allowed, and watched ones keep theirs`() {
    var driven = Driven { $0.things = 3 }
    expect(driven.watch(["a", "b"], as: 1).count, is: 2)
    expect(driven.watch(["c", "d"], as: 2), is: [])
    #expect(driven.table.count == 2)
    expect(driven.watch(["c"], as: 3).count, is: 1)
    driven.table.stop(["a", "b"], as: 1, now: 0)
    expect(driven.watch(["d", "b"], as: 4).count, is: 2)
    #expect(driven.table.things["a"] == nil)
    expect(driven.watch(["a"], as: 5), is: [])
  }
}

@Suite struct WatchTableWriteTests {
  private var started: JobExecution {
    var execution = JobExecution()
    execution.jobID = "a"
    execution.executionNumber = 1
    execution.versionNumber = 2
    execution.status = .inProgress
    return execution
  }

  @Test func `an own start and an own end are seen at once`() {
    var driven = Driven()
    driven.lists["t"] = .lists([], ["a"])
    var position = driven.watch(["t"], as: 1)[0]
    driven.poll()
    position.sequence = 1
    var mark = driven.table.writeBegan(on: "t")
    expect(driven.table.writeEnded(on: "t", since: mark, .started(self.started), now: 5), is: [1])
    #expect(driven.words(after: position) == "started a")
    position.sequence = 2
    mark = driven.table.writeBegan(on: "t")
    var update = UpdateJobExecution(thingName: "t", jobID: "a", status: .succeeded)
    update.expectedVersion = 2
    let effect = WriteEffect(update, left: nil)
    expect(driven.table.writeEnded(on: "t", since: mark, effect, now: 6), is: [1])
    #expect(driven.words(after: position) == "left a")
  }

  @Test func `a poll that a write overtook does not count`() {
    var driven = Driven()
    driven.lists["t"] = .lists([], ["a"])
    var position = driven.watch(["t"], as: 1)[0]
    driven.poll()
    position.sequence = 1
    driven.now = 10 * second
    expect(driven.table.nextOrder(now: driven.now), is: .poll(thingName: "t"))
    let mark = driven.table.writeBegan(on: "t")
    _ = driven.table.writeEnded(on: "t", since: mark, .started(self.started), now: driven.now)
    let (answer, woken) = driven.table.polled(
      "t", .success(.lists([], ["a"])), now: driven.now, random: 0)
    #expect(answer == .overtaken)
    #expect(woken == [])
    #expect(driven.words(after: position) == "started a")
    expect(driven.table.nextDue(), is: 11 * second)
  }

  @Test func `a write whose answer came after a poll's is left to the next poll`() {
    var driven = Driven()
    driven.lists["t"] = .lists([], ["a"])
    var position = driven.watch(["t"], as: 1)[0]
    driven.poll()
    position.sequence = 1
    let mark = driven.table.writeBegan(on: "t")
    driven.now = 5 * second
    driven.poll()
    _ = driven.table.writeEnded(on: "t", since: mark, .started(self.started), now: driven.now)
    #expect(driven.words(after: position) == "nothing")
    driven.lists["t"] = .lists(["a"], [])
    driven.advance(second)
    #expect(driven.words(after: position) == "started a")
  }

  @Test func `a device that finds nothing to do costs no poll`() {
    var driven = Driven()
    _ = driven.watch(["t"], as: 1)
    driven.advance(300 * second)
    let due = driven.table.nextDue()
    let mark = driven.table.writeBegan(on: "t")
    _ = driven.table.writeEnded(on: "t", since: mark, .nothingPending, now: driven.now)
    expect(driven.table.nextDue(), is: due)
  }

  @Test func `a conflict tells of an end`() {
    var state = JobExecutionState()
    state.status = .canceled
    state.versionNumber = 4
    var refusal = AWSRefusal(
      name: "InvalidStateTransitionException", httpStatus: 409, message: "",
      kind: .invalidStateTransition)
    refusal.executionState = state
    let update = UpdateJobExecution(thingName: "t", jobID: "a", status: .succeeded)
    let effect = WriteEffect(update, failed: .refused(refusal))
    let expected = AwaitedExecution(isTerminal: true, status: .canceled, versionNumber: 4)
    #expect(effect == .ended(ExecutionKey("a", nil), expected))
    #expect(WriteEffect(update, failed: .unreachable("")) == .none)
    #expect(WriteEffect(update, failed: .interrupted("")) == .unclear)
  }
}

@Suite struct WatchTableWaitTests {
  private let key = ExecutionKey("a", nil)

  @Test func `what the lists hold is seen without a describe`() {
    var driven = Driven()
    driven.lists["t"] = .lists(["a"], [])
    driven.wait(for: "a", of: "t", as: 1)
    driven.poll()
    let seen = AwaitedExecution(
      isTerminal: false, status: .inProgress, versionNumber: 1, executionNumber: 1)
    #expect(driven.table.awaited(self.key, of: "t") == .seen(seen))
  }

  @Test func `many who wait for one execution that is in no list share one describe`() {
    var driven = Driven()
    for watcher in 1...100 { driven.wait(for: "a", of: "t", as: WatcherID(watcher)) }
    expect(driven.table.nextOrder(now: 0), is: .poll(thingName: "t"))
    _ = driven.table.polled("t", .success(.lists([], [])), now: 0, random: 0)
    expect(driven.table.nextOrder(now: 0), is: .describe(thingName: "t", self.key))
    expect(driven.table.nextOrder(now: 0), is: nil)
    let refusal = AWSRefusal(
      name: "TerminalStateException", httpStatus: 410, message: "", kind: .terminalState)
    let woken = driven.table.described("t", self.key, .failure(JobsFailure(.refused(refusal))))
    #expect(woken.count == 100)
    #expect(
      driven.table.awaited(self.key, of: "t") == .seen(AwaitedExecution(isTerminal: true)))
  }

  @Test func `an end by an own write tells its state`() {
    var driven = Driven()
    driven.lists["t"] = .lists(["a"], [])
    driven.wait(for: "a", of: "t", as: 1)
    driven.poll()
    let mark = driven.table.writeBegan(on: "t")
    let update = UpdateJobExecution(thingName: "t", jobID: "a", status: .failed)
    let woken = driven.table.writeEnded(
      on: "t", since: mark, WriteEffect(update, left: nil), now: 1)
    #expect(woken == [1])
    #expect(
      driven.table.awaited(self.key, of: "t")
        == .seen(AwaitedExecution(isTerminal: true, status: .failed)))
  }

  @Test func `a job that is not there is told as such`() {
    var driven = Driven()
    driven.wait(for: "a", of: "t", as: 1)
    driven.poll()
    let refusal = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "", kind: .resourceNotFound)
    let failure = JobsFailure(.refused(refusal))
    _ = driven.table.described("t", self.key, .failure(failure))
    #expect(driven.table.awaited(self.key, of: "t") == .refused(failure, ofThing: false))
  }

  @Test func `a describe that fails is made again with the next poll`() {
    var driven = Driven()
    driven.wait(for: "a", of: "t", as: 1)
    _ = driven.table.nextOrder(now: 0)
    _ = driven.table.polled("t", .success(.lists([], [])), now: 0, random: 0)
    expect(driven.table.nextOrder(now: 0), is: .describe(thingName: "t", self.key))
    _ = driven.table.described("t", self.key, .failure(JobsFailure(.unreachable(""))))
    #expect(driven.table.awaited(self.key, of: "t") == .nothing)
    expect(driven.table.nextOrder(now: 60 * second), is: .poll(thingName: "t"))
    _ = driven.table.polled("t", .success(.lists([], [])), now: 60 * second, random: 0)
    expect(driven.table.nextOrder(now: 60 * second), is: .describe(thingName: "t", self.key))
  }

  @Test func `nobody's execution is not kept`() {
    var driven = Driven()
    driven.wait(for: "a", of: "t", as: 1)
    driven.wait(for: "a", of: "t", as: 2)
    driven.table.stop(["t"], as: 1, waitingFor: self.key, now: 0)
    #expect(driven.table.things["t"]?.awaited.count == 1)
    driven.table.stop(["t"], as: 2, waitingFor: self.key, now: 0)
    #expect(driven.table.things["t"]?.awaited.count == 0)
  }

  @Test(arguments: [
    (AwaitedExecution(isTerminal: true), true),
    (AwaitedExecution(isTerminal: false, status: .inProgress, versionNumber: 3), true),
    (AwaitedExecution(isTerminal: false, status: .queued, versionNumber: 4), true),
    (AwaitedExecution(isTerminal: false, status: .queued, versionNumber: 3), false),
    (AwaitedExecution(isTerminal: false), false),
  ])
  func `states and versions are waited for`(execution: AwaitedExecution, isEnough: Bool) {
    var wait = WaitForJobExecution(thingName: "t", jobID: "a")
    wait.statuses = [.inProgress]
    wait.versionAbove = 3
    #expect(execution.satisfies(wait) == isEnough)
  }
}
