// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One piece of work of a call that is traced, while it goes on.
///
/// It is there only for calls that are traced: all others have none, and pay for a look at nil. It
/// may be touched by any thread. Once ended it goes to its ``SpanRecorder``; what is told later is
/// not heard.
package final class CallSpan: Sendable {
  /// Source: OpenTelemetry protocol, `Span.SpanKind`.
  package enum Kind: UInt64, Sendable {
    case `internal` = 1
    case server = 2
    case client = 3
  }

  private struct State {
    var attributes: [SpanAttribute] = []
    var links: [TraceContext] = []
    var error: String?
    var isEnded = false
  }

  /// What this span's own children and those called from it have for a parent.
  package let context: TraceContext
  private let parentID: UInt64?
  /// The trace begins with it.
  package var isRoot: Bool { self.parentID == nil }
  private let name: String
  private let kind: Kind
  private let startedAt: ContinuousClock.Instant
  private let anchor: ClockAnchor
  private let recorder: SpanRecorder
  private let state = Mutex(State())

  init(
    _ name: String, _ kind: Kind, _ context: TraceContext, parentID: UInt64?,
    startedAt: ContinuousClock.Instant, anchor: ClockAnchor, recorder: SpanRecorder
  ) {
    self.name = name
    self.kind = kind
    self.context = context
    self.parentID = parentID
    self.startedAt = startedAt
    self.anchor = anchor
    self.recorder = recorder
  }

  /// Begins a part of this work.
  package func child(
    _ name: String, _ kind: Kind = .internal, startedAt: ContinuousClock.Instant = .now
  ) -> CallSpan {
    CallSpan(
      name, kind, self.context.with(spanID: self.recorder.nextSpanID()),
      parentID: self.context.spanID, startedAt: startedAt, anchor: self.anchor,
      recorder: self.recorder)
  }

  /// Notes a fact. Each key is to be given once.
  package func set(_ key: String, _ value: SpanAttribute.Value) {
    self.state.withLock { $0.attributes.append(SpanAttribute(key, value)) }
  }

  /// Notes a fact, if there is one.
  package func set(_ key: String, _ text: String?) {
    if let text { self.set(key, .text(text)) }
  }

  /// Tells of work elsewhere that this one waited for.
  package func link(to other: TraceContext) {
    self.state.withLock { $0.links.append(other) }
  }

  /// The work came to nothing.
  ///
  /// - Parameter type: of bounded variety, see `error.type` of the semantic conventions.
  package func fail(_ type: String) {
    self.state.withLock { state in
      guard state.error == nil else { return }
      state.error = type
      state.attributes.append(SpanAttribute("error.type", .text(type)))
    }
  }

  /// The work is over. To be called once; what comes later counts for nothing.
  package func end(at instant: ContinuousClock.Instant = .now) {
    let state = self.state.withLock { state -> State? in
      guard !state.isEnded else { return nil }
      defer { state.isEnded = true }
      return state
    }
    guard let state else { return }
    var span = EndedSpan(
      name: self.name, kind: self.kind, context: self.context, parentID: self.parentID,
      startNanoseconds: self.anchor.epochNanoseconds(at: self.startedAt),
      endNanoseconds: self.anchor.epochNanoseconds(at: max(instant, self.startedAt)))
    span.attributes = state.attributes
    span.links = state.links
    span.error = state.error
    self.recorder.queue.append(span)
  }
}

/// A fact about a span.
package struct SpanAttribute: Equatable, Sendable {
  package enum Value: Equatable, Sendable {
    case text(String)
    case number(Int64)
    case truth(Bool)
  }

  package var key: String
  package var value: Value

  package init(_ key: String, _ value: Value) {
    self.key = key
    self.value = value
  }
}

/// A piece of work that is over, on its way to whoever collects traces.
package struct EndedSpan: Equatable, Sendable {
  package var name: String
  package var kind: CallSpan.Kind
  package var context: TraceContext
  package var parentID: UInt64?
  /// Since 1970 (UTC).
  package var startNanoseconds: UInt64
  package var endNanoseconds: UInt64
  package var attributes: [SpanAttribute] = []
  package var links: [TraceContext] = []
  /// What it failed of; nil if it did not.
  package var error: String?

  package init(
    name: String, kind: CallSpan.Kind, context: TraceContext, parentID: UInt64? = nil,
    startNanoseconds: UInt64, endNanoseconds: UInt64
  ) {
    self.name = name
    self.kind = kind
    self.context = context
    self.parentID = parentID
    self.startNanoseconds = startNanoseconds
    self.endNanoseconds = endNanoseconds
  }
}
