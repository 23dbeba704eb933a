// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What the outcome of a flight leaves in the store, if no write has outdated it.
///
/// Made before the store's lock is taken: an answer's size and its life are told by reading its job
/// document from end to end.
struct ReadYield {
  enum Change {
    case store(StoredRead)
    /// The answer may not be kept, and what came by an earlier flight is out of date.
    case remove(ReadKey)
  }

  /// Under the flight's own key. Nil if the outcome tells nothing of the execution: then nothing is
  /// taken away either.
  var own: Change?
  /// Under the thing's `$next`, of which empty pending lists tell too.
  var next: Change?
}

extension Lifetimes {
  /// - Parameters:
  ///   - withDocument: whether the flight asked for the job document.
  ///   - flight: its number.
  func yield(
    of outcome: ReadOutcome, to key: ReadKey, withDocument: Bool, flight: FlightTable.Number,
    at moment: ReadMoment
  ) -> ReadYield {
    switch outcome {
    case .answer(let answer):
      var yield = ReadYield(
        own: self.change(answer, to: key, withDocument: withDocument, flight, at: moment))
      if case .pending(let lists) = answer, lists.inProgress.isEmpty && lists.queued.isEmpty {
        yield.next = self.nothingPending(of: key.thing, flight, at: moment)
      }
      return yield
    case .failure(.refused(let refusal)) where refusal.isAnswer:
      return ReadYield(
        own: self.change(
          .refusal(refusal), to: key, withDocument: withDocument, flight, at: moment))
    case .failure:
      return ReadYield()
    }
  }

  /// What is left by the knowledge that nothing is pending.
  ///
  /// - Parameter number: of the flight or ticket that brought it.
  func nothingPending(
    of thing: String, _ number: FlightTable.Number, at moment: ReadMoment
  ) -> ReadYield.Change {
    self.change(.execution(nil), to: .next(of: thing), withDocument: true, number, at: moment)
  }

  private func change(
    _ answer: StoredRead.Answer, to key: ReadKey, withDocument: Bool,
    _ number: FlightTable.Number, at moment: ReadMoment
  ) -> ReadYield.Change {
    let lifetime = self.lifetime(
      of: answer, to: key, at: moment.now, epochSeconds: moment.epochSeconds,
      random: moment.random)
    guard let lifetime else { return .remove(key) }
    return .store(
      StoredRead(
        answer, to: key, withDocument: withDocument, flight: number, at: moment.now,
        lifetime: lifetime))
  }
}
