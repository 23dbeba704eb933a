// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
package import AWSSigning
package import NIOCore
import Synchronization
package import Telemetry
import Transport

/// The credentials of the process, found by a ``CredentialChain`` and kept good.
///
/// A call is given what is at hand, from any loop, at the price of a lock. Sources are asked off the
/// calls' path, in one event loop, one attempt at a time. A call waits only if nothing good is at
/// hand and an attempt is under way, and then no longer than the attempt; if none is, it fails at
/// once with the words of the last one.
package final class RefreshingCredentials: CredentialProvider {
  /// What every thread may touch.
  private struct Shared: ~Copyable {
    var state: RefreshState
    var waiting = AttemptWaiters()
    /// Why the last attempt failed.
    var failure: CredentialError?
    var isResolved = false
  }

  /// What belongs to the loop.
  private struct Seat {
    var timer: Scheduled<Void>?
    var attempt: Task<Void, Never>?
    var isStopped = false
  }

  private let chain: CredentialChain
  private let loop: any EventLoop
  private let executor: LoopTaskExecutor
  private let timing: RefreshTiming
  private let clock: WallClock
  private let log: CredentialLog?
  private let metrics = CredentialMetrics()
  private let shared: Mutex<Shared>
  private let seat: NIOLoopBoundBox<Seat>

  /// Asks nobody before ``start()``.
  ///
  /// - Parameters:
  ///   - loop: where the sources are asked.
  ///   - log: tells an operator; nil to keep silent.
  package init(
    _ chain: CredentialChain, on loop: any EventLoop, timing: RefreshTiming = RefreshTiming(),
    clock: WallClock = .system, log: CredentialLog? = nil
  ) {
    self.chain = chain
    self.loop = loop
    self.executor = LoopTaskExecutor(loop)
    self.timing = timing
    self.clock = clock
    self.log = log
    self.shared = Mutex(Shared(state: RefreshState(timing: timing)))
    self.seat = NIOLoopBoundBox.makeBoxSendingValue(Seat(), eventLoop: loop)
  }

  package var status: CredentialStatus {
    self.shared.withLock { shared in
      CredentialStatus(
        held: shared.state.found.map { CredentialStatus.Held($0) },
        failure: shared.failure.map { "\($0)" }, isResolved: shared.isResolved)
    }
  }

  /// Shows what is held and when it ends, and counts attempts.
  package func register(in registry: MetricsRegistry) {
    let clock = self.clock
    self.metrics.register(in: registry, clock: clock) { [weak self] in self?.status.held }
  }
}

// MARK: - Calls

extension RefreshingCredentials {
  package func credential() async throws(CredentialError) -> Credential {
    let now = self.clock.epochSeconds
    switch self.shared.withLock({ $0.state.asked(atSeconds: now) }) {
    case .use(let credential):
      return credential
    case .fail:
      throw self.failure(at: now)
    case .attempt:
      self.loop.execute { self.attempt() }
      return try await self.credentialAfterAttempt()
    case .wait:
      return try await self.credentialAfterAttempt()
    }
  }

  package func rejected(_ credential: Credential) {
    let (now, random) = (self.clock.epochSeconds, UInt64.random(in: 0...(.max)))
    let answer = self.shared.withLock {
      $0.state.rejected(credential, atSeconds: now, random: random)
    }
    switch answer {
    case .attempt:
      self.log?.rejected(credential)
      self.loop.execute { self.attempt() }
    case .attemptAfter(let pause):
      self.loop.execute { self.wake(after: pause) }
    case .ignore:
      return
    }
  }

  /// Returns when the first attempt has ended, or nobody will make it, or the task is cancelled.
  package func resolved() async -> CredentialStatus {
    if !self.status.isResolved { await self.waitForAttempt(noLongerThan: nil, limit: .max) }
    return self.status
  }

  private func credentialAfterAttempt() async throws(CredentialError) -> Credential {
    await self.waitForAttempt(
      noLongerThan: self.timing.maxWait, limit: self.timing.maxWaiting)
    let now = self.clock.epochSeconds
    if case .use(let credential) = self.shared.withLock({ $0.state.asked(atSeconds: now) }) {
      return credential
    }
    throw self.failure(at: now)
  }

  /// - Parameter limit: how many may wait.
  private func waitForAttempt(noLongerThan bound: Duration?, limit: Int) async {
    let id = self.shared.withLock { $0.waiting.nextID() }
    let timer = bound.map { bound in
      self.loop.scheduleTask(in: TimeAmount(bound)) { self.stopWaiting(id) }
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = self.shared.withLock { shared in
          shared.state.isUnderWay && !Task.isCancelled
            && shared.waiting.add(continuation, as: id, limit: limit)
        }
        if !isWaiting { continuation.resume() }
      }
    } onCancel: {
      self.stopWaiting(id)
    }
    timer?.cancel()
  }

  private func stopWaiting(_ id: AttemptWaiters.ID) {
    self.shared.withLock { $0.waiting.remove(id) }?.resume()
  }

  private func failure(at now: Int64) -> CredentialError {
    self.shared.withLock { shared in
      if let failure = shared.failure { return failure }
      guard let found = shared.state.found, let end = found.credential.expiresAtSeconds, end <= now
      else { return .unavailable("the sources of credentials have not answered yet") }
      return .ended(found, at: end)
    }
  }
}

// MARK: - Attempts, in the loop

extension RefreshingCredentials {
  /// Makes the first attempt soon, and others ever after until ``stop()``.
  package func start() {
    guard self.shared.withLock({ $0.state.started() }) else { return }
    self.loop.execute { self.attempt() }
  }

  /// Ends what is under way and returns when nothing of it is left. A credential that is good is
  /// handed out still: calls may yet want to end.
  package func stop() async {
    let seat = self.seat
    let attempt = try? await self.loop.submit {
      seat.value.isStopped = true
      seat.value.timer?.cancel()
      seat.value.timer = nil
      seat.value.attempt?.cancel()
      return seat.value.attempt
    }.get()
    await attempt?.value
    let waiting = self.shared.withLock { shared in
      shared.state.stopped()
      return shared.waiting.removeAll()
    }
    for continuation in waiting { continuation.resume() }
  }

  private func attempt() {
    guard !self.seat.value.isStopped else { return }
    self.seat.value.timer?.cancel()
    self.seat.value.timer = nil
    let pinned = self.shared.withLock { $0.state.pinned }
    self.seat.value.attempt = Task(executorPreference: self.executor) {
      do throws(CredentialError) {
        self.succeeded(try await self.chain.find(notBelow: pinned))
      } catch {
        self.failed(error)
      }
    }
  }

  private func succeeded(_ found: FoundCredential) {
    let (now, random) = (self.clock.epochSeconds, UInt64.random(in: 0...(.max)))
    let (answer, waiting, before) = self.shared.withLock { shared in
      let before = (found: shared.state.found, failure: shared.failure)
      let answer = shared.state.succeeded(found, atSeconds: now, random: random)
      if case .expired = answer {
        shared.failure = .ended(found, at: found.credential.expiresAtSeconds ?? now)
      } else {
        shared.failure = nil
      }
      shared.isResolved = true
      return (answer, shared.waiting.removeAll(), before)
    }
    for continuation in waiting { continuation.resume() }
    switch answer {
    case .use(let credential, let pause):
      self.metrics.succeeded(atSeconds: now)
      self.log?.found(
        found, credential, before: before.found?.credential, hadFailed: before.failure != nil)
      if let pause { self.wake(after: pause) }
    case .expired(let pause):
      self.metrics.failed()
      self.log?.failed(self.status, before: before.failure, atSeconds: now)
      self.wake(after: pause)
    case .ignore:
      return
    }
  }

  private func failed(_ failure: CredentialError) {
    let (now, random) = (self.clock.epochSeconds, UInt64.random(in: 0...(.max)))
    guard !self.seat.value.isStopped else { return }
    let (answer, waiting, before) = self.shared.withLock { shared in
      let before = shared.failure
      shared.failure = failure
      shared.isResolved = true
      let answer = shared.state.failed(atSeconds: now, random: random)
      return (answer, shared.waiting.removeAll(), before)
    }
    for continuation in waiting { continuation.resume() }
    guard case .retry(let pause) = answer else { return }
    self.metrics.failed()
    self.log?.failed(self.status, before: before, atSeconds: now)
    self.wake(after: pause)
  }

  private func wake(after pause: Duration) {
    guard !self.seat.value.isStopped else { return }
    self.seat.value.timer?.cancel()
    self.seat.value.timer = self.loop.scheduleTask(in: TimeAmount(pause)) { self.wake() }
  }

  /// Looks at the clock, in the loop.
  func wake() {
    let now = self.clock.epochSeconds
    switch self.shared.withLock({ $0.state.woke(atSeconds: now) }) {
    case .attempt: self.attempt()
    case .sleep(let pause): self.wake(after: pause)
    case .ignore: return
    }
  }
}

extension CredentialError {
  fileprivate static func ended(_ found: FoundCredential, at end: Int64) -> CredentialError {
    .unavailable(
      "\(found.kind.name) (\(found.origin)): the credentials ended at "
        + "\(SigningTime(epochSeconds: end).text), or this machine's clock is wrong")
  }
}
