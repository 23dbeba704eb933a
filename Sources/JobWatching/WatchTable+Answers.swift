// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

// What comes of orders and of own writes, and what watchers are told of it.

extension WatchTable {
  /// What became of a poll.
  package enum OnPolled: String, CaseIterable, Sendable {
    case changed
    case unchanged
    /// A write came between, so the answer may be older than what is known.
    case overtaken
    case failed
    /// AWS refused for good, and the watchers are to be told.
    case refused
  }

  /// A poll has been answered.
  ///
  /// - Returns: What became of it, and who is to look for news.
  package mutating func polled(
    _ name: String, _ outcome: Result<PendingJobExecutions, JobsFailure>, now: Int64,
    random: UInt64
  ) -> (OnPolled, wake: Set<WatcherID>) {
    self.orderEnded()
    guard let thing = self.things[name] else { return (.overtaken, []) }
    self.things[name]?.isPolling = false
    let answer = self.took(outcome, of: name, isOvertaken: thing.isOvertaken, now: now)
    guard thing.forgetAt == nil else { return (answer, []) }
    if answer == .overtaken {
      self.hurry(name, now: now)
      return (answer, [])
    }
    if answer != .refused, let rhythm = self.things[name]?.rhythm {
      self.schedule(name, at: now.addingClamped(rhythm.delay(random: random)))
    }
    self.lookUpAwaited(of: name)
    let hasNews = answer != .failed && (answer != .unchanged || !thing.isCurrent)
    // Those who wait for an execution look at each answer: their news may be in a list that is the
    // same as before.
    return (answer, hasNews || !thing.awaited.isEmpty ? thing.watchers : [])
  }

  private mutating func took(
    _ outcome: Result<PendingJobExecutions, JobsFailure>, of name: String, isOvertaken: Bool,
    now: Int64
  ) -> OnPolled {
    switch outcome {
    case .success where isOvertaken: return .overtaken
    case .success(let pending):
      self.things[name]?.answeredAt = now
      self.things[name]?.isCurrent = true
      self.things[name]?.pollsLanded += 1
      guard self.replace(with: pending, of: name) else {
        self.things[name]?.rhythm.slacken()
        return .unchanged
      }
      self.things[name]?.rhythm.quicken()
      return .changed
    case .failure(let failure) where failure.cause.isPermanent:
      self.things[name]?.refusal = failure
      return .refused
    case .failure(let failure):
      self.things[name]?.rhythm.backOff(retryAfter: failure.cause.retryAfterNanoseconds)
      return .failed
    }
  }

  private mutating func replace(with pending: PendingJobExecutions, of name: String) -> Bool {
    guard let thing = self.things[name] else { return false }
    return self.things[name]?.view.replace(
      with: pending, remembering: self.settings.changesRemembered,
      ending: { thing.ending(of: $0) }) ?? false
  }

  /// A describe of an awaited execution has been answered.
  ///
  /// - Returns: Who is to look for news.
  package mutating func described(
    _ name: String, _ key: ExecutionKey, _ outcome: Result<JobExecution?, JobsFailure>
  ) -> Set<WatcherID> {
    self.orderEnded()
    guard let thing = self.things[name], thing.awaited[key] != nil else { return [] }
    self.things[name]?.awaited[key]?.isBeingDescribed = false
    switch outcome {
    case .success(let execution):
      // The end of an execution may have been seen meanwhile.
      guard let execution, thing.awaited[key]?.seen?.isTerminal != true else { break }
      self.things[name]?.awaited[key]?.seen = AwaitedExecution(
        isTerminal: execution.status?.isTerminal ?? false, status: execution.status,
        versionNumber: execution.versionNumber, executionNumber: execution.executionNumber)
    case .failure(let failure):
      if case .refused(let refusal) = failure.cause, refusal.kind == .terminalState {
        guard thing.awaited[key]?.seen?.isTerminal != true else { break }
        self.things[name]?.awaited[key]?.seen = AwaitedExecution(
          isTerminal: true, executionNumber: key.executionNumber)
      } else if failure.cause.isPermanent {
        self.things[name]?.awaited[key]?.refusal = failure
      }
    // What may pass is asked again with the next poll.
    }
    return thing.watchers
  }
}

// MARK: - Own writes

/// Where a thing's polls stood when a write began.
package struct WriteMark: Equatable, Sendable {
  let incarnation: UInt64
  let pollsLanded: UInt64
}

extension WatchTable {
  /// A write begins.
  ///
  /// - Returns: For ``writeEnded(on:since:_:now:)``; nil if nobody watches the thing.
  package func writeBegan(on name: String) -> WriteMark? {
    self.things[name].map {
      WriteMark(incarnation: $0.incarnation, pollsLanded: $0.pollsLanded)
    }
  }

  /// A write has been answered. What it says is taken at once, unless a poll's answer came between:
  /// that may be newer. Then, and when the answer does not say enough, a poll finds out.
  ///
  /// - Returns: Who is to look for news.
  package mutating func writeEnded(
    on name: String, since mark: WriteMark?, _ effect: WriteEffect, now: Int64
  ) -> Set<WatcherID> {
    guard effect != .none, let thing = self.things[name], thing.forgetAt == nil else { return [] }
    if effect == .nothingPending, thing.view.pending == PendingJobExecutions() { return [] }
    self.things[name]?.isOvertaken = thing.isPolling
    self.things[name]?.rhythm.quicken()
    switch effect {
    case .ended(let key, let execution), .progressed(let key, let execution):
      self.things[name]?.saw(execution, of: key)
    case .none, .unclear, .nothingPending, .started: break
    }
    let isFirst = mark == self.writeBegan(on: name)
    guard isFirst, let pending = thing.view.pending, let after = pending.after(effect) else {
      self.hurry(name, now: now)
      return thing.awaited.isEmpty ? [] : thing.watchers
    }
    let hasNews = self.replace(with: after, of: name)
    self.lookUpAwaited(of: name)
    if hasNews || thing.isPolling { self.hurry(name, now: now) }
    return hasNews || !thing.awaited.isEmpty ? thing.watchers : []
  }
}

extension PendingJobExecutions {
  /// Nil if a write does not tell what is pending then.
  fileprivate func after(_ effect: WriteEffect) -> PendingJobExecutions? {
    switch effect {
    case .none: self
    case .unclear, .nothingPending, .progressed: nil
    case .started(let execution): self.started(execution)
    case .ended(let key, _): self.ended(key)
    }
  }
}

// MARK: - News

extension WatchTable {
  package enum OnLook: Equatable, Sendable {
    case nothing
    case news(PendingNews, WatchPosition)
    case refused(JobsFailure)
  }

  /// What to tell a watcher of one thing.
  package func news(after position: WatchPosition) -> OnLook {
    guard let thing = self.things[position.thingName] else { return .nothing }
    if let refusal = thing.refusal { return .refused(refusal) }
    guard thing.isCurrent, let (news, sequence) = thing.view.news(after: position.sequence) else {
      return .nothing
    }
    var next = position
    next.sequence = sequence
    switch news {
    case .snapshot(let pending):
      return .news(.snapshot(thingName: position.thingName, pending), next)
    case .change(let change):
      return .news(.change(thingName: position.thingName, change), next)
    }
  }

  package enum OnAwait: Equatable, Sendable {
    case nothing
    case seen(AwaitedExecution)
    case refused(JobsFailure, ofThing: Bool)
  }

  /// What to tell who waits for an execution.
  package func awaited(_ key: ExecutionKey, of name: String) -> OnAwait {
    guard let thing = self.things[name] else { return .nothing }
    if let refusal = thing.refusal { return .refused(refusal, ofThing: true) }
    guard let awaited = thing.awaited[key] else { return .nothing }
    if let refusal = awaited.refusal { return .refused(refusal, ofThing: false) }
    return awaited.seen.map { .seen($0) } ?? .nothing
  }

  /// When AWS last told of the thing for which that is longest ago; nil if it has not told of each.
  package func oldestAnswer(of names: [String]) -> Int64? {
    var oldest: Int64?
    for name in names {
      guard let answeredAt = self.things[name]?.answeredAt else { return nil }
      oldest = min(oldest ?? answeredAt, answeredAt)
    }
    return oldest
  }
}
