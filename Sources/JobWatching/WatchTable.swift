// SPDX-License-Identifier: Apache-2.0

import DequeModule
import HeapModule
import JobsAPI

/// All things that are watched: what is known of each, who is to be told, and when each is polled.
/// No clock, no threads, no calls.
///
/// Whoever drives it takes out what is to be asked (``nextOrder(now:random:)``) until there is
/// nothing, whenever something happened or ``nextDue`` comes, carries the orders out, and tells what
/// came of each. What holds: of one thing there is one poll at a time, however many watch it; two
/// polls of it are ``WatchSettings/minimumInterval`` apart at least; and all polls together keep to
/// the pace.
package struct WatchTable: ~Copyable, Sendable {
  /// What to ask AWS.
  package enum Order: Equatable, Sendable {
    case poll(thingName: String)
    case describe(thingName: String, ExecutionKey)
  }

  /// A poll in prospect. It counts if the thing's own ``WatchedThing/due`` is the same.
  private struct Prospect: Comparable {
    let due: Int64
    let thingName: String

    static func < (one: Prospect, other: Prospect) -> Bool { one.due < other.due }
    static func == (one: Prospect, other: Prospect) -> Bool { one.due == other.due }
  }

  let settings: WatchSettings
  let minimum: Int64
  var things: [String: WatchedThing] = [:]
  private var routine = Heap<Prospect>()
  /// Things that have news for somebody, or have it to be told for the first time: they do not wait
  /// for their turn behind all that is merely due.
  private var urgent = Heap<Prospect>()
  private var urgentTurns = 0
  private var lookups = Deque<(thingName: String, key: ExecutionKey)>()
  /// Things that nobody watches, in the order in which they are forgotten.
  private var remembered = Deque<(thingName: String, forgetAt: Int64)>()
  private var pace = PollPace()
  private var underWay = 0

  /// Polls and describes at a time: at a second each, more than any budget allows.
  package static var mostUnderWay: Int { 64 }

  package init(_ settings: WatchSettings) {
    self.settings = settings
    self.minimum = settings.minimumInterval.wholeNanoseconds
  }

  /// Things that are watched or remembered.
  package var count: Int { self.things.count }

  /// The account has so many reads a second; nil for as many as there are.
  package mutating func paceChanged(readsPerSecond: Double?) {
    self.pace.changed(perSecond: readsPerSecond.map { $0 * self.settings.readShare })
  }
}

// MARK: - Watchers

extension WatchTable {
  package enum OnWatch: Equatable, Sendable {
    case watching([WatchPosition])
    /// As many things are watched as may be.
    case full
  }

  /// Somebody watches some things from now on.
  ///
  /// - Parameters:
  ///   - known: the sequence numbers that the watcher knows, by incarnation.
  ///   - random: any 64 bits for each thing.
  package mutating func watch(
    _ thingNames: [String], as watcher: WatcherID, knowing known: [UInt64: UInt64] = [:],
    now: Int64, random: () -> UInt64
  ) -> OnWatch {
    let newcomers = thingNames.count { self.things[$0] == nil }
    self.makeRoom(for: newcomers, besides: thingNames)
    guard self.things.count + newcomers <= self.settings.things else { return .full }
    return .watching(
      thingNames.map { name in
        let incarnation = self.join(name, watcher, now: now, random: random)
        return WatchPosition(
          thingName: name, incarnation: incarnation, sequence: known[incarnation])
      })
  }

  /// Somebody waits for an execution from now on.
  package mutating func wait(
    for key: ExecutionKey, of thingName: String, as watcher: WatcherID, now: Int64,
    random: () -> UInt64
  ) -> OnWatch {
    let answer = self.watch([thingName], as: watcher, now: now, random: random)
    guard case .watching = answer else { return answer }
    self.things[thingName]?.awaited[key, default: WatchedThing.Awaited()].waiters += 1
    // What was seen long ago may be long past: who waits expects something to happen.
    self.things[thingName]?.awaited[key]?.refusal = nil
    self.lookUpAwaited(of: thingName)
    self.hurry(thingName, now: now)
    return answer
  }

  /// A watcher is gone.
  ///
  /// - Parameter key: the execution that it waited for, if it did.
  package mutating func stop(
    _ thingNames: [String], as watcher: WatcherID, waitingFor key: ExecutionKey? = nil, now: Int64
  ) {
    for name in thingNames {
      self.things[name]?.watchers.remove(watcher)
      if let key, let waiters = self.things[name]?.awaited[key]?.waiters {
        if waiters > 1 {
          self.things[name]?.awaited[key]?.waiters = waiters - 1
        } else {
          self.things[name]?.awaited[key] = nil
        }
      }
      guard let thing = self.things[name], thing.watchers.isEmpty, thing.forgetAt == nil else {
        continue
      }
      let forgetAt = now.addingClamped(self.settings.memory.wholeNanoseconds)
      self.things[name]?.due = nil
      self.things[name]?.forgetAt = forgetAt
      self.remembered.append((name, forgetAt))
    }
  }

  private mutating func join(
    _ name: String, _ watcher: WatcherID, now: Int64, random: () -> UInt64
  ) -> UInt64 {
    if let thing = self.things[name] {
      self.things[name]?.watchers.insert(watcher)
      if thing.forgetAt != nil || thing.refusal != nil {
        self.things[name]?.forgetAt = nil
        self.things[name]?.refusal = nil
        self.things[name]?.isCurrent = false
        self.things[name]?.rhythm.quicken()
        self.hurry(name, now: now)
      }
      return thing.incarnation
    }
    let rhythm = PollRhythm(
      minimum: self.minimum, maximum: self.settings.maximumInterval.wholeNanoseconds)
    var thing = WatchedThing(incarnation: random(), rhythm: rhythm)
    thing.watchers = [watcher]
    self.things[name] = thing
    self.hurry(name, now: now)
    return thing.incarnation
  }

  /// Forgets things that nobody watches, the oldest first, as far as others need their places.
  private mutating func makeRoom(for newcomers: Int, besides wanted: [String]) {
    while self.things.count + newcomers > self.settings.things,
      let (name, forgetAt) = self.remembered.popFirst()
    {
      guard self.things[name]?.forgetAt == forgetAt, !wanted.contains(name) else { continue }
      self.things[name] = nil
    }
  }

  private mutating func forget(now: Int64) {
    while let (name, forgetAt) = self.remembered.first, forgetAt <= now {
      self.remembered.removeFirst()
      if self.things[name]?.forgetAt == forgetAt { self.things[name] = nil }
    }
  }
}

// MARK: - Orders

extension WatchTable {
  /// What to ask AWS next, to be asked until there is nothing.
  package mutating func nextOrder(now: Int64) -> Order? {
    self.forget(now: now)
    guard self.underWay < Self.mostUnderWay else { return nil }
    if let (name, key) = self.lookups.popFirst() {
      self.underWay += 1
      self.pace.polled(now: now)
      return .describe(thingName: name, key)
    }
    guard self.pace.nextAt <= now, let name = self.nextThing(now: now) else { return nil }
    self.underWay += 1
    self.pace.polled(now: now)
    self.things[name]?.due = nil
    self.things[name]?.isPolling = true
    self.things[name]?.isOvertaken = false
    self.things[name]?.pollsBegun += 1
    self.things[name]?.lastBegunAt = now
    return .poll(thingName: name)
  }

  /// When there will be an order, if nothing happens before; nil if there will be none.
  package mutating func nextDue() -> Int64? {
    self.dropOvertaken()
    let forgetAt = self.remembered.first?.forgetAt
    guard self.underWay < Self.mostUnderWay else { return forgetAt }
    if !self.lookups.isEmpty { return .min }
    let due = [self.urgent.min?.due, self.routine.min?.due].compactMap(\.self).min()
    return [forgetAt, due.map { max($0, self.pace.nextAt) }].compactMap(\.self).min()
  }

  /// Of four turns three are for things with news, so that neither sort starves.
  private mutating func nextThing(now: Int64) -> String? {
    self.dropOvertaken()
    let isUrgent = self.urgent.min.map { $0.due <= now } ?? false
    let isDue = self.routine.min.map { $0.due <= now } ?? false
    guard isUrgent || isDue else { return nil }
    guard isUrgent, !isDue || self.urgentTurns < 3 else {
      self.urgentTurns = 0
      return self.routine.popMin()?.thingName
    }
    self.urgentTurns += 1
    return self.urgent.popMin()?.thingName
  }

  /// Drops prospects that are none any more.
  private mutating func dropOvertaken() {
    while let first = self.urgent.min, self.things[first.thingName]?.due != first.due {
      _ = self.urgent.popMin()
    }
    while let first = self.routine.min, self.things[first.thingName]?.due != first.due {
      _ = self.routine.popMin()
    }
  }

  /// The thing is to be polled as soon as it may.
  func soonest(_ thing: WatchedThing, now: Int64) -> Int64 {
    thing.lastBegunAt == .min
      ? now : max(now, thing.lastBegunAt.addingClamped(self.minimum))
  }

  mutating func hurry(_ name: String, now: Int64) {
    guard let thing = self.things[name], !thing.isPolling, thing.forgetAt == nil else { return }
    let due = self.soonest(thing, now: now)
    if let present = thing.due, present <= due { return }
    self.things[name]?.due = due
    self.urgent.insert(Prospect(due: due, thingName: name))
  }

  mutating func schedule(_ name: String, at due: Int64) {
    guard let thing = self.things[name], thing.forgetAt == nil else { return }
    self.things[name]?.due = due
    self.routine.insert(Prospect(due: due, thingName: name))
  }

  mutating func lookUpAwaited(of name: String) {
    guard let missing = self.things[name]?.readAwaited() else { return }
    for key in missing { self.lookups.append((name, key)) }
  }

  /// A call to AWS is over.
  mutating func orderEnded() {
    self.underWay -= 1
  }
}
