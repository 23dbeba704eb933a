// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore
import Synchronization
package import Telemetry
import Transport

/// The watches of one process, for watchers and writers in any event loop.
///
/// It carries out what ``WatchTable`` decides: under the lock it is told what happened and asked who
/// is to be told and what AWS is to be asked; watchers are woken, calls made and timers set once the
/// lock is released. Polls run in one loop, through that loop's policies.
package final class JobWatches: Sendable {
  package typealias Waker = @Sendable () -> Void

  private struct Guarded: ~Copyable {
    var table: WatchTable
    var wakers: [WatcherID: Waker] = [:]
    var lastWatcher: WatcherID = 0
    /// What is asked now; nil for what is about to be.
    var tasks: [UInt64: Task<Void, Never>?] = [:]
    var lastTask: UInt64 = 0
    /// When the timer that counts fires, and which it is.
    var timerDue: Int64?
    var timerNumber: UInt64 = 0
    var isStopped = false
  }

  /// What is left to do when the lock is released.
  private struct Pending {
    var wakers: [Waker] = []
    var orders: [(number: UInt64, order: WatchTable.Order)] = []
    var timer: (number: UInt64, delay: Int64)?
  }

  /// An hour. A timer for later than that fires in between and is set anew.
  private static let longestDelay: Int64 = 3_600_000_000_000

  package let settings: WatchSettings
  private let backend: any JobsBackend
  private let loop: any EventLoop
  private let executor: LoopTaskExecutor
  private let readsPerSecond: @Sendable () -> Double?
  private let origin: ContinuousClock.Instant
  private let metrics: WatchMetrics
  private let guarded: Mutex<Guarded>
  /// Zero while nobody watches, and then writes pass without a lock.
  private let thingCount = Atomic(0)

  /// - Parameters:
  ///   - backend: of `loop`, with all its policies. Whoever watches pays by its budget.
  ///   - readsPerSecond: what the account's budget lets through now; nil without a budget.
  package init(
    _ settings: WatchSettings, over backend: any JobsBackend, on loop: any EventLoop,
    registry: MetricsRegistry, readsPerSecond: @escaping @Sendable () -> Double?
  ) {
    self.settings = settings
    self.backend = backend
    self.loop = loop
    self.executor = LoopTaskExecutor(loop)
    self.readsPerSecond = readsPerSecond
    self.origin = .now
    self.metrics = WatchMetrics(registry: registry)
    self.guarded = Mutex(Guarded(table: WatchTable(settings)))
    self.metrics.sample { [weak self] in self?.levels ?? (0, 0) }
  }

  private var now: Int64 { self.origin.duration(to: .now).clampedNanoseconds }

  private var levels: (watchers: Int, things: Int) {
    self.guarded.withLock { ($0.wakers.count, $0.table.count) }
  }

  /// Ends polling, for when the last watcher is gone and before the connections to AWS are drained.
  package func stop() {
    let tasks = self.guarded.withLock { guarded in
      guarded.isStopped = true
      return guarded.tasks.values.compactMap(\.self)
    }
    for task in tasks { task.cancel() }
  }
}

// MARK: - Watchers

/// A watcher's place among all; it must be given back.
package struct WatchPlace: Sendable {
  let watcher: WatcherID
  let thingNames: [String]
  let key: ExecutionKey?
}

/// Why nobody more can watch.
package enum WatchRefusal: Equatable, Error, Sendable {
  case watchers(limit: Int)
  case things(limit: Int)
}

extension JobWatches {
  /// Begins to watch.
  ///
  /// - Parameters:
  ///   - known: what the watcher's resume token holds.
  ///   - waker: called from any thread when there may be news.
  /// - Returns: The watcher's place, and the positions from which to look for news.
  package func watch(
    _ thingNames: [String], knowing known: [UInt64: UInt64], waker: @escaping Waker
  ) throws(WatchRefusal) -> (WatchPlace, [WatchPosition]) {
    try self.begin(thingNames, nil, waker) { table, watcher, now, random in
      table.watch(thingNames, as: watcher, knowing: known, now: now, random: random)
    }
  }

  /// Begins to wait for an execution; otherwise as ``watch(_:knowing:waker:)``.
  package func wait(
    for key: ExecutionKey, of thingName: String, waker: @escaping Waker
  ) throws(WatchRefusal) -> WatchPlace {
    try self.begin([thingName], key, waker) { table, watcher, now, random in
      table.wait(for: key, of: thingName, as: watcher, now: now, random: random)
    }.0
  }

  private func begin(
    _ thingNames: [String], _ key: ExecutionKey?, _ waker: @escaping Waker,
    _ join: (inout WatchTable, WatcherID, Int64, () -> UInt64) -> WatchTable.OnWatch
  ) throws(WatchRefusal) -> (WatchPlace, [WatchPosition]) {
    let limits = self.settings
    let answer: Result<(WatchPlace, [WatchPosition]), WatchRefusal> = self.update { guarded, now in
      guard guarded.wakers.count < limits.watchers else {
        return .failure(.watchers(limit: limits.watchers))
      }
      guarded.lastWatcher += 1
      let watcher = guarded.lastWatcher
      let answer = join(&guarded.table, watcher, now) { UInt64.random(in: .min ... .max) }
      guard case .watching(let positions) = answer else {
        return .failure(.things(limit: limits.things))
      }
      guarded.wakers[watcher] = waker
      let place = WatchPlace(watcher: watcher, thingNames: thingNames, key: key)
      return .success((place, positions))
    }
    return try answer.get()
  }

  /// Ends a watch or wait.
  package func stop(_ place: WatchPlace) {
    self.update { guarded, now in
      guarded.wakers[place.watcher] = nil
      guarded.table.stop(
        place.thingNames, as: place.watcher, waitingFor: place.key, now: now)
    }
  }

  package func news(after position: WatchPosition) -> WatchTable.OnLook {
    self.guarded.withLock { $0.table.news(after: position) }
  }

  package func awaited(_ place: WatchPlace) -> WatchTable.OnAwait {
    guard let key = place.key, let name = place.thingNames.first else { return .nothing }
    return self.guarded.withLock { $0.table.awaited(key, of: name) }
  }

  /// Since AWS last told of the thing for which that is longest ago; nil if it has not told of each.
  package func secondsSinceAnswer(_ place: WatchPlace) -> Int64? {
    let now = self.now
    let oldest = self.guarded.withLock { $0.table.oldestAnswer(of: place.thingNames) }
    return oldest.map { max(0, now - $0) / 1_000_000_000 }
  }
}

// MARK: - Own writes

extension JobWatches {
  func writeBegan(on thingName: String) -> WriteMark? {
    guard self.thingCount.load(ordering: .relaxed) > 0 else { return nil }
    return self.guarded.withLock { $0.table.writeBegan(on: thingName) }
  }

  func writeEnded(
    on thingName: String, since mark: WriteMark?, _ effect: @autoclosure () -> WriteEffect
  ) {
    guard self.thingCount.load(ordering: .relaxed) > 0 else { return }
    let effect = effect()
    self.updateAndWake { table, now in
      table.writeEnded(on: thingName, since: mark, effect, now: now)
    }
  }
}

// MARK: - Asking AWS

extension JobWatches {
  private func carryOut(_ order: WatchTable.Order, _ number: UInt64) {
    let task = Task(executorPreference: self.executor) {
      await self.ask(order)
      self.guarded.withLock { _ = $0.tasks.removeValue(forKey: number) }
    }
    let isStopped = self.guarded.withLock { guarded in
      // It may have ended before it is noted here.
      if guarded.tasks[number] != nil { guarded.tasks[number] = task }
      return guarded.isStopped
    }
    if isStopped { task.cancel() }
  }

  private func ask(_ order: WatchTable.Order) async {
    var random = SystemRandomNumberGenerator()
    var context = CallContext(requestID: RandomUUID(using: &random).text)
    context.isPoll = true
    // What is stored may be as old as the last poll.
    context.cacheControl.noCache = true
    switch order {
    case .poll(let name):
      let outcome = await self.poll(name, in: context)
      self.updateAndWake { table, now in
        let (answer, wake) = table.polled(
          name, outcome, now: now, random: UInt64.random(in: .min ... .max))
        self.metrics.polled(answer)
        return wake
      }
    case .describe(let name, let key):
      let outcome = await self.describe(name, key, in: context)
      self.updateAndWake { table, _ in table.described(name, key, outcome) }
    }
  }

  private func poll(
    _ name: String, in context: CallContext
  ) async -> Result<PendingJobExecutions, JobsFailure> {
    do throws(JobsFailure) {
      return .success(
        try await self.backend.getPending(GetPendingJobExecutions(thingName: name), in: context)
          .value)
    } catch {
      return .failure(error)
    }
  }

  private func describe(
    _ name: String, _ key: ExecutionKey, in context: CallContext
  ) async -> Result<JobExecution?, JobsFailure> {
    var call = DescribeJobExecution(thingName: name, jobID: key.jobID)
    call.executionNumber = key.executionNumber
    call.includeJobDocument = false
    do throws(JobsFailure) {
      return .success(try await self.backend.describe(call, in: context).value)
    } catch {
      return .failure(error)
    }
  }
}

// MARK: - Deciding under the lock, acting outside of it

extension JobWatches {
  private func updateAndWake(
    _ change: (inout WatchTable, Int64) -> Set<WatcherID>
  ) {
    let wakers = self.update { guarded, now in
      change(&guarded.table, now).compactMap { guarded.wakers[$0] }
    }
    for waker in wakers { waker() }
  }

  /// The only way to change the state.
  private func update<Answer: Sendable>(
    _ change: (inout Guarded, Int64) -> Answer
  ) -> Answer {
    let now = self.now
    let readsPerSecond = self.readsPerSecond()
    let (answer, pending) = self.guarded.withLock { guarded in
      let answer = change(&guarded, now)
      var pending = Pending()
      guard !guarded.isStopped else { return (answer, pending) }
      guarded.table.paceChanged(readsPerSecond: readsPerSecond)
      while let order = guarded.table.nextOrder(now: now) {
        guarded.lastTask += 1
        // A place for the task that is to be made, so that its end is not missed.
        guarded.tasks.updateValue(nil, forKey: guarded.lastTask)
        pending.orders.append((guarded.lastTask, order))
      }
      Self.armTimer(&guarded, &pending, now: now)
      self.thingCount.store(guarded.table.count, ordering: .relaxed)
      return (answer, pending)
    }
    for (number, order) in pending.orders { self.carryOut(order, number) }
    if let (number, delay) = pending.timer {
      self.loop.scheduleTask(in: .nanoseconds(delay)) { self.timerFired(number) }
    }
    return answer
  }

  private static func armTimer(
    _ guarded: inout Guarded, _ pending: inout Pending, now: Int64
  ) {
    guard let due = guarded.table.nextDue() else { return }
    if let armed = guarded.timerDue, armed <= due { return }
    guarded.timerDue = due
    guarded.timerNumber += 1
    pending.timer = (
      guarded.timerNumber, due <= now ? 0 : min(due - now, Self.longestDelay)
    )
  }

  private func timerFired(_ number: UInt64) {
    let counts = self.guarded.withLock { guarded in
      guard guarded.timerNumber == number else { return false }
      guarded.timerDue = nil
      return true
    }
    // Nothing else to tell: the time alone has changed.
    if counts { self.update { _, _ in } }
  }
}
