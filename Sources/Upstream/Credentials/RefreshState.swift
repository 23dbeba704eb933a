// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning

/// When the sources are asked, and what calls are signed with meanwhile.
///
/// ```
///            started              succeeded
///   idle ─────────────► attempting ─────────► resting
///                        ▲   │   ▲              │ woke when it was due, asked when it was over,
///                  woke, │   │   └──────────────┘ rejected
///               rejected │   │ failed
///                        │   ▼
///                      backingOff                            stopped ends all of them
/// ```
///
/// In each state a credential may be held, and a good one is handed out whatever happens: an attempt
/// that is under way or that failed takes nothing away. It is dropped when AWS has rejected it, once:
/// if the source gives it again, or another one that AWS rejects as well, there is no better one. It
/// stays, and the source is asked ever more slowly.
///
/// Time is in seconds since 1970 (UTC), as credentials' ends are; answers to "when" are durations.
/// Events that come late, a timer of an earlier state or an attempt's end after the stop, are
/// ignored.
struct RefreshState: ~Copyable {
  /// What calls are signed with.
  private struct Held: Equatable {
    var found: FoundCredential

    func isGood(at now: Int64) -> Bool { !self.found.credential.isExpired(atSeconds: now) }
  }

  private enum State {
    case idle
    case attempting(Held?, failures: Int)
    /// - dueAtSeconds: nil if nothing but a rejection leads to another attempt.
    case resting(Held, dueAtSeconds: Int64?)
    case backingOff(Held?, failures: Int)
    case stopped(Held?)
  }

  private let timing: RefreshTiming
  private var state = State.idle
  /// What AWS rejected last, when, and how many there were in a row.
  private var rejection: (credential: Credential, atSeconds: Int64, count: Int)?
  /// Where the last credential came from. From then on no source is asked that comes after it.
  private(set) var pinned: CredentialSourceKind?

  init(timing: RefreshTiming) {
    self.timing = timing
  }

  enum OnAsked: Equatable {
    case use(Credential)
    /// An attempt is under way, or about to be.
    case wait
    /// Make an attempt, and wait for it.
    case attempt
    /// There is none, and the next attempt is later.
    case fail
  }

  enum OnSucceeded: Equatable {
    case use(Credential, wakeAfter: Duration?)
    /// It has ended already, which is a failure.
    case expired(retryAfter: Duration)
    case ignore
  }

  enum OnFailed: Equatable {
    case retry(after: Duration)
    case ignore
  }

  enum OnWoke: Equatable {
    case attempt
    case sleep(Duration)
    case ignore
  }

  enum OnRejected: Equatable {
    /// It is gone. Make an attempt.
    case attempt
    /// There is no better one yet. It stays in use until the attempt that comes then.
    case attemptAfter(Duration)
    case ignore
  }
}

// MARK: - Calls

extension RefreshState {
  mutating func asked(atSeconds now: Int64) -> OnAsked {
    switch self.state {
    case .idle:
      return .wait
    case .attempting(let held, _):
      guard let held, held.isGood(at: now) else { return .wait }
      return .use(held.found.credential)
    case .resting(let held, _):
      guard held.isGood(at: now) else {
        // The clock has jumped, or the timer is late.
        self.state = .attempting(held, failures: 0)
        return .attempt
      }
      return .use(held.found.credential)
    case .backingOff(let held, _), .stopped(let held):
      guard let held, held.isGood(at: now) else { return .fail }
      return .use(held.found.credential)
    }
  }

  mutating func rejected(
    _ credential: Credential, atSeconds now: Int64, random: UInt64
  ) -> OnRejected {
    guard let held = self.held, held.found.credential.isSameSet(as: credential) else {
      return .ignore
    }
    let isFirst = !self.isInARow(held, at: now)
    switch self.state {
    case .attempting(_, let failures) where isFirst:
      self.note(rejection: held, at: now)
      self.state = .attempting(nil, failures: failures)
      return .ignore
    case .resting where isFirst, .backingOff where isFirst:
      self.note(rejection: held, at: now)
      self.state = .attempting(nil, failures: 0)
      return .attempt
    case .resting:
      let count = self.note(rejection: held, at: now)
      self.state = .backingOff(held, failures: count)
      return .attemptAfter(self.timing.backoff(afterFailures: count, random: random))
    case .idle, .attempting, .backingOff, .stopped:
      return .ignore
    }
  }

  /// The set that was rejected before, or one that came in its place and fared no better.
  private func isInARow(_ held: Held, at now: Int64) -> Bool {
    guard let last = self.rejection else { return false }
    return last.credential.isSameSet(as: held.found.credential)
      || now - last.atSeconds < 2 * self.timing.maxBackoff.components.seconds
  }

  /// - Returns: how many there were in a row.
  @discardableResult
  private mutating func note(rejection held: Held, at now: Int64) -> Int {
    let count = self.isInARow(held, at: now) ? (self.rejection?.count ?? 0) + 1 : 1
    self.rejection = (held.found.credential, now, count)
    return count
  }
}

// MARK: - Attempts

extension RefreshState {
  /// True if an attempt is to be made.
  mutating func started() -> Bool {
    guard case .idle = self.state else { return false }
    self.state = .attempting(nil, failures: 0)
    return true
  }

  mutating func succeeded(
    _ found: FoundCredential, atSeconds now: Int64, random: UInt64
  ) -> OnSucceeded {
    guard case .attempting(let held, let failures) = self.state else { return .ignore }
    var found = found
    let due = self.due(&found, now: now, random: random)
    guard !found.credential.isExpired(atSeconds: now) else {
      self.state = .backingOff(held, failures: failures + 1)
      return .expired(
        retryAfter: self.timing.backoff(afterFailures: failures + 1, random: random))
    }
    let newer = Held(found: found)
    self.pinned = found.kind
    self.state = .resting(newer, dueAtSeconds: due)
    return .use(found.credential, wakeAfter: due.map { self.sleep(until: $0, now: now) })
  }

  /// When the source is asked again. Moves the end of a credential whose source is late.
  private func due(_ found: inout FoundCredential, now: Int64, random: UInt64) -> Int64? {
    if case .every(let interval) = found.renewal {
      return now + max(interval.components.seconds, 1)
    }
    guard let end = found.credential.expiresAtSeconds else { return nil }
    if found.renewal == .lenient {
      let extended = self.timing.extensionSeconds(random: random)
      if end - now < extended.life {
        found.credential = found.credential.expiring(atSeconds: now + extended.life)
        return now + extended.untilNextLook
      }
    }
    return self.timing.renewalSeconds(ofOneThatEndsAt: end, now: now, random: random)
  }

  mutating func failed(atSeconds now: Int64, random: UInt64) -> OnFailed {
    guard case .attempting(var held, let failures) = self.state else { return .ignore }
    if let late = held, late.found.renewal == .lenient,
      let end = late.found.credential.expiresAtSeconds
    {
      let extended = self.timing.extensionSeconds(random: random)
      if end - now < extended.untilNextLook {
        held?.found.credential = late.found.credential.expiring(atSeconds: now + extended.life)
      }
    }
    self.state = .backingOff(held, failures: failures + 1)
    return .retry(after: self.timing.backoff(afterFailures: failures + 1, random: random))
  }

  /// A timer has come.
  mutating func woke(atSeconds now: Int64) -> OnWoke {
    switch self.state {
    case .resting(let held, let due?):
      guard due <= now else { return .sleep(self.sleep(until: due, now: now)) }
      self.state = .attempting(held, failures: 0)
      return .attempt
    case .backingOff(let held, let failures):
      self.state = .attempting(held, failures: failures)
      return .attempt
    case .idle, .attempting, .resting(_, nil), .stopped:
      return .ignore
    }
  }

  /// What is held stays for calls that are still to end.
  mutating func stopped() {
    self.state = .stopped(self.held)
  }

  private func sleep(until due: Int64, now: Int64) -> Duration {
    min(.seconds(max(due - now, 1)), self.timing.maxSleep)
  }
}

// MARK: - Looks

extension RefreshState {
  /// What is held, be it over or not.
  var found: FoundCredential? { self.held?.found }

  /// True from the start of an attempt to its end, and before the first one.
  var isUnderWay: Bool {
    switch self.state {
    case .idle, .attempting: true
    case .resting, .backingOff, .stopped: false
    }
  }

  private var held: Held? {
    switch self.state {
    case .idle: nil
    case .attempting(let held, _), .backingOff(let held, _), .stopped(let held): held
    case .resting(let held, _): held
    }
  }
}
