// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOHTTP1
import Telemetry
import Testing

@testable import Upstream

@Suite(.serialized, .timeLimit(.minutes(1))) struct RequestSpanTests {
  private static let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  private let recorder = SpanRecorder(
    sampler: TraceSampler(ratio: 1), queue: SpanQueue(limit: 100, batchLimit: 100))

  private func context(isTraced: Bool) -> CallContext {
    var context = CallContext(requestID: "r")
    context.traceparent = Self.caller
    context.tracestate = "vendor=1"
    if isTraced {
      context.span = self.recorder.beginCall("call", parent: Self.caller, startedAt: .now)
    }
    return context
  }

  @Test func `each request of a traced call is the parent of what AWS does`() async throws {
    let bench = try await Bench { request in
      request.numberOnConnection == 1 ? .close : .answer(headers: [("x-amzn-RequestId", "aws-1")])
    }
    // The second finds that its connection is left, and is sent once more on another.
    for _ in 0..<2 {
      _ = try await bench.describe(self.context(isTraced: true)).get()
    }
    let requests = self.recorder.queue.takeAll().filter { $0.kind == .client }
      .sorted { $0.startNanoseconds < $1.startNanoseconds }
    let seen = bench.server.seen.requests.map(\.head.headers)
    #expect(seen.map { $0["traceparent"] } == requests.map { [$0.context.traceparent] })
    #expect(seen.allSatisfy { $0["tracestate"] == ["vendor=1"] })
    #expect(requests.map(\.error) == [nil, "closed", nil])
    #expect(requests.allSatisfy { $0.name == "IoTJobsDataPlane.DescribeJobExecution" })
    #expect(
      requests.last?.attributes.contains(
        SpanAttribute("http.request.resend_count", .number(1))) == true)
    #expect(
      requests.last?.attributes.contains(
        SpanAttribute("aws.request_id", .text("aws-1"))) == true)
  }

  @Test func `what is not traced is passed on as it came`() async throws {
    let bench = try await Bench { _ in .answer() }
    _ = try await bench.describe(self.context(isTraced: false)).get()
    #expect(bench.server.seen.requests.first?.head.headers["traceparent"] == [Self.caller])
    #expect(self.recorder.queue.count == 0)
  }

  @Test func `a request that is never sent is no request`() async throws {
    let bench = try await Bench { _ in .answer() }
    var context = self.context(isTraced: true)
    context.deadline = .now - .seconds(1)
    #expect(await bench.describe(context).failure != nil)
    #expect(self.recorder.queue.count == 0)
  }

  @Test func `the wait for a connection is told when there was one`() async throws {
    let bench = try await Bench { _ in .answer() }
    for _ in 0..<2 { _ = try await bench.describe(self.context(isTraced: true)).get() }
    let spans = self.recorder.queue.takeAll()
    try #require(spans.map(\.kind) == [.internal, .client, .client])
    #expect(spans[0].parentID == spans[1].context.spanID)
    #expect(spans[1].startNanoseconds <= spans[0].startNanoseconds)
    #expect(spans[0].endNanoseconds <= spans[1].endNanoseconds)
  }
}
