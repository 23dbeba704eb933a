// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// The rules that say which answers are stored, and for how long.
///
/// | answer | life |
/// |---|---|
/// | an execution; `$next` with nothing pending | `ttl` |
/// | an execution asked for by number that has ended, as itself or as AWS's 410 | `terminalTTL` |
/// | AWS's 410 to a describe without number | `ttl` |
/// | AWS's 404 | `notFoundTTL`; for the pending lists no longer than `pendingTTL` |
/// | the pending lists | `pendingTTL` |
/// | any other refusal | not stored |
///
/// Without a number the latest execution of a job is meant, and a retry may begin a new one after
/// the present one has ended: only a numbered execution that has ended cannot change any more. A
/// life of zero means not stored. Each life is moved by up to a tenth, so that entries that began
/// together do not end together. A document that holds presigned URLs ends its entry at half their
/// remaining life, stale windows included.
package struct Lifetimes: Sendable {
  private let ttl: Int64
  private let terminalTTL: Int64
  private let notFoundTTL: Int64
  private let pendingTTL: Int64
  private let staleWhileRevalidate: Int64
  private let staleIfError: Int64

  package init(_ settings: ReadCacheSettings) {
    self.ttl = settings.ttl.wholeNanoseconds
    self.terminalTTL = settings.terminalTTL.wholeNanoseconds
    self.notFoundTTL = settings.notFoundTTL.wholeNanoseconds
    self.pendingTTL = settings.pendingTTL.wholeNanoseconds
    self.staleWhileRevalidate = settings.staleWhileRevalidate.wholeNanoseconds
    self.staleIfError = settings.staleIfError.wholeNanoseconds
  }

  /// The life of an answer; nil if it must not be stored. Reads the job document from end to end,
  /// so it is not for under a lock.
  ///
  /// - Parameters:
  ///   - now: when the answer came, on ``PolicyClock``'s scale.
  ///   - epochSeconds: the same instant by the wall clock, which presigned URLs are measured by.
  ///   - random: any 64 random bits.
  package func lifetime(
    of answer: StoredRead.Answer, to key: ReadKey, at now: Int64, epochSeconds: Int64,
    random: UInt64
  ) -> Lifetime? {
    let ttl = self.ttl(of: answer, to: key)
    guard ttl > 0 else { return nil }
    let freshUntil = now.addingClamped(Self.jittered(ttl, by: random))
    let lifetime = Lifetime(
      freshUntil: freshUntil,
      revalidateUntil: freshUntil.addingClamped(self.staleWhileRevalidate),
      errorUntil: freshUntil.addingClamped(self.staleIfError))
    switch PresignedLife(of: answer, at: epochSeconds) {
    case .unlimited: return lifetime
    case .seconds(let seconds) where seconds > 0:
      return lifetime.ended(by: now.addingClamped(Self.halfNanoseconds(of: seconds)))
    case .seconds, .unreadable: return nil
    }
  }

  private static func halfNanoseconds(of seconds: Int64) -> Int64 {
    let (half, overflow) = seconds.multipliedReportingOverflow(by: 500_000_000)
    return overflow ? .max : half
  }

  private func ttl(of answer: StoredRead.Answer, to key: ReadKey) -> Int64 {
    switch (answer, key.subject) {
    case (.execution(let execution), .execution):
      let hasEnded = execution?.status?.isTerminal ?? false
      return hasEnded && key.subject.isNumbered ? self.terminalTTL : self.ttl
    case (.refusal(let refusal), .execution) where refusal.kind == .terminalState:
      return key.subject.isNumbered ? self.terminalTTL : self.ttl
    case (.refusal(let refusal), .execution) where refusal.kind == .resourceNotFound:
      return self.notFoundTTL
    case (.refusal(let refusal), .pending) where refusal.kind == .resourceNotFound:
      return min(self.notFoundTTL, self.pendingTTL)
    case (.pending, .pending):
      return self.pendingTTL
    case (.execution, .pending), (.pending, .execution), (.refusal, _):
      return 0
    }
  }

  /// A life moved by up to a tenth in either direction; never to zero.
  private static func jittered(_ ttl: Int64, by random: UInt64) -> Int64 {
    let tenth = UInt64(ttl) / 10
    let (offset, _) = (2 * tenth + 1).multipliedFullWidth(by: random)
    return max(1, ttl.addingClamped(Int64(offset) - Int64(tenth)))
  }
}

extension PresignedLife {
  /// Of the URLs in an answer's job document.
  fileprivate init(of answer: StoredRead.Answer, at epochSeconds: Int64) {
    if case .execution(let execution) = answer, let document = execution?.jobDocument {
      self.init(of: document, at: epochSeconds)
    } else {
      self = .unlimited
    }
  }
}

extension Lifetime {
  fileprivate func ended(by end: Int64) -> Lifetime {
    Lifetime(
      freshUntil: min(self.freshUntil, end), revalidateUntil: min(self.revalidateUntil, end),
      errorUntil: min(self.errorUntil, end))
  }
}

extension ReadKey.Subject {
  /// True for one particular execution, which stays the same for ever.
  fileprivate var isNumbered: Bool {
    switch self {
    case .execution(let jobID, let number): number != nil && jobID != "$next"
    case .pending: false
    }
  }
}
