// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Telemetry
import Testing

private let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

private func recorder(ratio: Double = 1, limit: Int = 100, batch: Int = 100) -> SpanRecorder {
  SpanRecorder(
    sampler: TraceSampler(ratio: ratio), queue: SpanQueue(limit: limit, batchLimit: batch))
}

struct CallSpanTests {
  @Test func `a call of a traced caller goes on with its trace`() throws {
    let recorder = recorder(ratio: 0)
    let span = try #require(recorder.beginCall("call", parent: caller, startedAt: .now))
    span.end()
    let ended = try #require(recorder.queue.takeBatch().first)
    let parent = try #require(TraceContext(traceparent: caller))
    #expect(ended.context.traceID == parent.traceID && ended.parentID == parent.spanID)
    #expect(ended.context.spanID != parent.spanID && ended.context.flags == 1)
    #expect(ended.kind == .server && ended.name == "call" && ended.error == nil)
  }

  @Test func `a call without a trace begins one, and no two are alike`() throws {
    let recorder = recorder()
    var seen: Set<String> = []
    for parent in [nil, "garbage", "00-0af7"] + Array(repeating: nil, count: 97) {
      let span = try #require(recorder.beginCall("call", parent: parent, startedAt: .now))
      seen.insert(span.context.traceparent)
      span.end()
    }
    #expect(seen.count == 100)
    #expect(recorder.queue.takeBatch().allSatisfy { $0.parentID == nil && $0.context.flags == 3 })
  }

  @Test func `a call that is not sampled has no span`() {
    #expect(recorder(ratio: 0).beginCall("call", parent: nil, startedAt: .now) == nil)
    let unsampled = caller.dropLast(2) + "00"
    #expect(recorder().beginCall("call", parent: String(unsampled), startedAt: .now) == nil)
  }

  @Test func `a part of the work is a child, within its parent's time`() throws {
    let recorder = recorder()
    let start = ContinuousClock.now
    let root = try #require(recorder.beginCall("call", parent: nil, startedAt: start))
    let child = root.child("request", .client, startedAt: start + .milliseconds(1))
    let grandchild = child.child("wait", startedAt: start + .milliseconds(2))
    grandchild.end(at: start + .milliseconds(3))
    child.end(at: start + .milliseconds(4))
    root.end(at: start + .milliseconds(5))
    let spans = recorder.queue.takeBatch()
    try #require(spans.map(\.name) == ["wait", "request", "call"])
    #expect(spans.map(\.kind) == [.internal, .client, .server])
    #expect(spans[0].parentID == spans[1].context.spanID)
    #expect(spans[1].parentID == spans[2].context.spanID)
    #expect(Set(spans.map(\.context.spanID)).count == 3)
    #expect(spans.allSatisfy { $0.context.traceID == root.context.traceID })
    let origin = spans[2].startNanoseconds
    #expect(spans.map { $0.startNanoseconds - origin } == [2_000_000, 1_000_000, 0])
    #expect(spans.map { $0.endNanoseconds - origin } == [3_000_000, 4_000_000, 5_000_000])
  }

  @Test func `what is told of it is there, and what comes after the end is not`() throws {
    let recorder = recorder()
    let span = try #require(recorder.beginCall("call", parent: nil, startedAt: .now))
    let other = try #require(TraceContext(traceparent: caller))
    span.set("text", .text("a"))
    span.set("absent", nil)
    span.set("number", .number(-1))
    span.link(to: other)
    span.fail("UNAVAILABLE")
    span.fail("later")
    span.end()
    span.set("late", .truth(true))
    span.end()
    let spans = recorder.queue.takeBatch()
    try #require(spans.count == 1)
    #expect(
      spans[0].attributes == [
        SpanAttribute("text", .text("a")), SpanAttribute("number", .number(-1)),
        SpanAttribute("error.type", .text("UNAVAILABLE")),
      ])
    #expect(spans[0].links == [other] && spans[0].error == "UNAVAILABLE")
  }

  @Test func `a span that ends before it began has no length`() throws {
    let recorder = recorder()
    let start = ContinuousClock.now
    let span = try #require(recorder.beginCall("call", parent: nil, startedAt: start))
    span.end(at: start - .seconds(1))
    let ended = try #require(recorder.queue.takeBatch().first)
    #expect(ended.startNanoseconds == ended.endNanoseconds)
  }
}

struct SpanQueueTests {
  private static func span(_ number: UInt64) -> EndedSpan {
    EndedSpan(
      name: "\(number)", kind: .internal,
      context: TraceContext(traceID: TraceID(high: 0, low: 1), spanID: number, flags: 1),
      startNanoseconds: 0, endNanoseconds: 0)
  }

  @Test func `the oldest come out first, a batch at a time`() {
    let dropped = Counter()
    let queue = SpanQueue(limit: 10, batchLimit: 3, dropped: dropped)
    for number in 1...7 { queue.append(Self.span(UInt64(number))) }
    #expect(queue.takeBatch().map(\.name) == ["1", "2", "3"])
    #expect(queue.takeBatch().map(\.name) == ["4", "5", "6"])
    #expect(queue.count == 1)
    #expect(queue.takeBatch().map(\.name) == ["7"])
    #expect(queue.takeBatch().isEmpty && dropped.value == 0)
  }

  @Test func `what finds it full is dropped and counted`() {
    let dropped = Counter()
    let queue = SpanQueue(limit: 2, batchLimit: 2, dropped: dropped)
    for number in 1...5 { queue.append(Self.span(UInt64(number))) }
    #expect(dropped.value == 3)
    #expect(queue.takeBatch().map(\.name) == ["1", "2"])
    queue.append(Self.span(6))
    #expect(dropped.value == 3 && queue.count == 1)
  }

  @Test func `who sends is told each time that a batch is full`() {
    let queue = SpanQueue(limit: 10, batchLimit: 2)
    let told = Atomic<Int>(0)
    queue.whenBatchIsFull { told.add(1, ordering: .relaxed) }
    queue.append(Self.span(1))
    #expect(told.load(ordering: .relaxed) == 0)
    queue.append(Self.span(2))
    queue.append(Self.span(3))
    #expect(told.load(ordering: .relaxed) == 1)
    _ = queue.takeBatch()
    queue.append(Self.span(4))
    #expect(told.load(ordering: .relaxed) == 2)
    queue.whenBatchIsFull(nil)
    _ = queue.takeBatch()
    for number in 5...8 { queue.append(Self.span(UInt64(number))) }
    #expect(told.load(ordering: .relaxed) == 2)
  }

  @Test func `bounds of nothing are bounds of one`() {
    let dropped = Counter()
    let queue = SpanQueue(limit: 0, batchLimit: 0, dropped: dropped)
    queue.append(Self.span(1))
    queue.append(Self.span(2))
    #expect(queue.takeBatch().count == 1 && dropped.value == 1)
  }
}
