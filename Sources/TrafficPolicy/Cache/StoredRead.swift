// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// One answer of AWS's to a read, and how long it may be given again.
///
/// Immutable, and a class so that handing it out costs one retain. Times are nanoseconds on
/// ``PolicyClock``'s scale; each "until" names the first instant at which it no longer holds.
package final class StoredRead: Sendable {
  /// One word long, however much it holds: it goes through many hands before it is stored.
  package indirect enum Answer: Equatable, Sendable {
    /// To a describe. Nil: `$next` was asked for and nothing is pending.
    case execution(JobExecution?)
    /// To either kind of read. Only what ``Lifetimes`` lets pass is stored.
    case refusal(AWSRefusal)
    /// To a reading of the pending lists.
    case pending(PendingJobExecutions)
  }

  package let key: ReadKey
  private let answer: Answer
  /// True if the answer serves a caller that wants the job document: it was asked for with it, or
  /// there is no execution whose document could be missing.
  package let hasDocument: Bool
  /// The flight that fetched the answer. Of two flights for one key, the higher number began later.
  package let flight: UInt64
  /// When the answer came.
  package let storedAt: Int64
  package let lifetime: Lifetime
  /// An estimate of the heap that this entry holds on to, its own object included.
  package let byteSize: Int
  /// The place for the answer's encoding; nil if it is no execution, or if it counts down and so is
  /// never given twice alike.
  private let encoding: EncodedAnswer?

  /// - Parameters:
  ///   - withDocument: whether the call asked for the job document.
  ///   - now: when the answer came.
  package init(
    _ answer: Answer, to key: ReadKey, withDocument: Bool, flight: UInt64, at now: Int64,
    lifetime: Lifetime
  ) {
    self.key = key
    self.hasDocument = withDocument || !answer.isOfExecution
    self.answer = answer.sharingNames(with: key)
    self.flight = flight
    self.storedAt = now
    self.lifetime = lifetime
    self.encoding = self.answer.encodingPlace
    self.byteSize = Self.heapBytes(answer: self.answer, key: key, encoding: self.encoding)
  }

  /// Whether a caller that wants the document, or does not, can be answered with this at all.
  package func serves(withDocument: Bool) -> Bool { self.hasDocument || !withDocument }

  package func isFresh(at now: Int64) -> Bool { now < self.lifetime.freshUntil }

  /// Whether the answer may be given while a new one is fetched.
  package func servesWhileRevalidating(at now: Int64) -> Bool {
    now < max(self.lifetime.freshUntil, self.lifetime.revalidateUntil)
  }

  /// Whether the answer may be given because AWS cannot be asked.
  package func servesOnError(at now: Int64) -> Bool {
    now < max(self.lifetime.freshUntil, self.lifetime.errorUntil)
  }

  /// Whether the answer is of no use to anyone any more.
  package func isExpired(at now: Int64) -> Bool { now >= self.lifetime.end }

  /// Whole seconds since the answer came; never negative, for two loops may read the clock in
  /// either order.
  package func ageSeconds(at now: Int64) -> Int64 {
    max(0, now.subtractingClamped(self.storedAt)) / 1_000_000_000
  }

  /// The answer as it is given to a caller: AWS's countdown to the timeout is lowered by the
  /// answer's age, and the document is left out for a caller that does not want it.
  package func answer(at now: Int64, withDocument: Bool) -> Answer {
    guard case .execution(.some(var execution)) = self.answer,
      !withDocument || self.encoding == nil
    else { return self.answer }
    if !withDocument { execution.jobDocument = nil }
    if let seconds = execution.approximateSecondsBeforeTimedOut, seconds > 0 {
      execution.approximateSecondsBeforeTimedOut = max(0, seconds - self.ageSeconds(at: now))
    }
    return .execution(execution)
  }

  /// The place for the encoding of the answer as such a caller is given it; nil if it has none.
  func encoding(withDocument: Bool) -> EncodedAnswer? {
    withDocument == self.hasDocument ? self.encoding : nil
  }

  /// True if this is the answer to a describe of `$next` that nothing is pending for the thing.
  package var saysNothingPending: Bool {
    guard case .execution(nil) = self.answer else { return false }
    return self.key.subject.jobID == "$next"
  }
}

extension StoredRead.Answer {
  fileprivate var isOfExecution: Bool {
    if case .execution(.some) = self { true } else { false }
  }

  /// The place for its encoding, if it is one that is given alike at any time.
  fileprivate var encodingPlace: EncodedAnswer? {
    guard case .execution(let execution) = self,
      execution?.approximateSecondsBeforeTimedOut ?? 0 <= 0
    else { return nil }
    return EncodedAnswer(ofDescribed: execution)
  }

  /// The same answer, holding the key's own copies of the names that both spell alike.
  fileprivate func sharingNames(with key: ReadKey) -> Self {
    guard case .execution(.some(var execution)) = self,
      case .execution(let jobID, _) = key.subject
    else { return self }
    if execution.thingName == key.thing { execution.thingName = key.thing }
    if execution.jobID == jobID { execution.jobID = jobID }
    return .execution(execution)
  }
}
