// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Spans that are over and wait to be sent. It is bounded, and what finds it full is dropped and
/// counted: a collector that is slow or gone costs traces, never calls.
package final class SpanQueue: Sendable {
  private struct Guarded {
    var spans: [EndedSpan] = []
    var whenBatchIsFull: (@Sendable () -> Void)?
  }

  private let dropped: Counter
  private let limit: Int
  private let batchLimit: Int
  private let guarded = Mutex(Guarded())

  /// - Parameters:
  ///   - limit: how many spans may wait, at least one.
  ///   - batchLimit: how many are sent at once.
  ///   - dropped: counts what finds the queue full.
  package init(limit: Int, batchLimit: Int, dropped: Counter = Counter()) {
    self.dropped = dropped
    self.limit = max(1, limit)
    self.batchLimit = min(max(1, batchLimit), self.limit)
  }

  package var count: Int { self.guarded.withLock { $0.spans.count } }

  /// Calls `body` each time that enough wait to fill a batch. It notes and returns; it may be called
  /// on any thread.
  package func whenBatchIsFull(_ body: (@Sendable () -> Void)?) {
    self.guarded.withLock { $0.whenBatchIsFull = body }
  }

  package func append(_ span: EndedSpan) {
    var isDropped = false
    let notify = self.guarded.withLock { guarded -> (@Sendable () -> Void)? in
      guard guarded.spans.count < self.limit else {
        isDropped = true
        return nil
      }
      guarded.spans.append(span)
      return guarded.spans.count == self.batchLimit ? guarded.whenBatchIsFull : nil
    }
    if isDropped { self.dropped.increment() }
    notify?()
  }

  /// Takes all that wait.
  package func takeAll() -> [EndedSpan] {
    self.guarded.withLock { guarded in
      defer { guarded.spans = [] }
      return guarded.spans
    }
  }

  /// Takes the oldest spans, a batch at most.
  package func takeBatch() -> [EndedSpan] {
    self.guarded.withLock { guarded in
      if guarded.spans.count <= self.batchLimit {
        defer { guarded.spans = [] }
        return guarded.spans
      }
      defer { guarded.spans.removeFirst(self.batchLimit) }
      return Array(guarded.spans.prefix(self.batchLimit))
    }
  }
}
