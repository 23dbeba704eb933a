// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import NIOCore
import Testing

@testable import GatewayServer

/// Calls that end before the backend answers: by their deadline, their caller or their connection.
struct HTTP2HandlerCancellationTests {
  private static func counted(_ operation: JobsOperation, _ code: String) -> [String: Int] {
    [#"method="\#(operation.rawValue)",code="\#(code)""#: 1]
  }

  // MARK: Deadlines

  @Test(arguments: [
    (JobsOperation.describe, "the deadline passed"),
    (.getPending, "the deadline passed"),
    (.startNext, "the deadline passed; the write may have been applied"),
    (.update, "the deadline passed; the write may have been applied"),
  ])
  func `a call is cancelled at its deadline and told so`(
    operation: JobsOperation, message: String
  ) async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(operation).adding("grpc-timeout", "50m").bytes(on: 1))
    await caller.pass(.milliseconds(49))
    _ = try await caller.takeFrames()
    #expect(caller.answers[1] == nil)
    #expect(caller.backend.cancelled == 0)

    await caller.pass(.milliseconds(1))
    let answer = try await caller.answer()
    #expect(answer.isTrailersOnly)
    #expect(answer.status == "4")
    #expect(answer["grpc-message"] == message)
    #expect(caller.backend.cancelled == 1)
    #expect(caller.counted == Self.counted(operation, "DEADLINE_EXCEEDED"))
    #expect(caller.inFlight == 0)
  }

  @Test func `a deadline may pass while the request is on its way`() async throws {
    let caller = try await Caller()
    let request = Request(.update).adding("grpc-timeout", "50m")
    try await caller.send(.headers(request.headers, on: 1))
    await caller.pass(.milliseconds(50))
    let answer = try await caller.answer()
    #expect(answer.status == "4")
    #expect(answer["grpc-message"] == "the deadline passed; the write was not applied")
    // The rest comes too late to be a call.
    try await caller.send(.data(request.body, on: 1, endStream: true))
    #expect(caller.backend.calls.isEmpty)
    #expect(caller.counted == Self.counted(.update, "DEADLINE_EXCEEDED"))
    #expect(caller.inFlight == 0)
  }

  @Test func `an answer that comes after the deadline goes nowhere`() async throws {
    let caller = try await Caller(.waitStubbornly)
    try await caller.send(Request(.describe).adding("grpc-timeout", "50m").bytes(on: 1))
    await caller.pass(.milliseconds(50))
    let answer = try await caller.answer()
    #expect(answer.status == "4")
    caller.backend.release()
    _ = try await caller.takeFrames()
    #expect(caller.answers[1] == answer)
    #expect(caller.counted == Self.counted(.describe, "DEADLINE_EXCEEDED"))
    #expect(caller.inFlight == 0)
  }

  @Test func `a deadline passes without notice once the call is answered`() async throws {
    let caller = try await Caller()
    let answer = try await caller.call(Request(.describe).adding("grpc-timeout", "50m"))
    #expect(answer.status == "0")
    await caller.pass(.seconds(1))
    _ = try await caller.takeFrames()
    #expect(caller.answers[1] == answer)
    #expect(caller.counted == Self.counted(.describe, "OK"))
  }

  @Test func `each call has its own deadline, whatever order they come in`() async throws {
    let caller = try await Caller(.wait)
    let timeouts = [30, 10, 20, 10, 40]
    for (position, timeout) in timeouts.enumerated() {
      let request = Request(.describe).adding("grpc-timeout", "\(timeout)m")
      try await caller.send(request.bytes(on: Int32(2 * position + 1)))
    }
    var ended: [Int] = []
    for _ in 0..<5 {
      _ = try await caller.takeFrames()
      ended.append(caller.answers.count)
      await caller.pass(.milliseconds(10))
    }
    #expect(ended == [0, 2, 3, 4, 5])
    #expect(caller.answers.values.allSatisfy { $0.status == "4" })
    #expect(caller.backend.cancelled == 5)
    #expect(caller.inFlight == 0)
  }

  @Test func `a deadline is counted from its own call, not from the timer that is set`()
    async throws
  {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).adding("grpc-timeout", "30m").bytes(on: 1))
    await caller.pass(.milliseconds(20))
    try await caller.send(Request(.describe).adding("grpc-timeout", "30m").bytes(on: 3))
    await caller.pass(.milliseconds(29))
    _ = try await caller.takeFrames()
    #expect(caller.answers.keys.sorted() == [1])
    await caller.pass(.milliseconds(1))
    _ = try await caller.takeFrames()
    #expect(caller.answers.keys.sorted() == [1, 3])
  }

  @Test func `no timer outlives its connection`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).adding("grpc-timeout", "50m").bytes(on: 1))
    try await caller.disconnect()
    await caller.pass(.seconds(1))
    #expect(caller.answers.isEmpty)
    #expect(caller.counted == Self.counted(.describe, "CANCELLED"))
  }

  @Test func `a deadline of nothing passes at once`() async throws {
    let caller = try await Caller(.wait)
    let answer = try await caller.call(Request(.describe).adding("grpc-timeout", "0n"))
    #expect(answer.status == "4")
    #expect(caller.inFlight == 0)
    // Not even begun, so that no budget is drawn from for it.
    #expect(caller.backend.calls.isEmpty)
  }

  // MARK: The caller goes away

  @Test func `a reset cancels the backend's work`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.update).bytes(on: 1) + Request(.describe).bytes(on: 3))
    #expect(caller.inFlight == 2)
    try await caller.send(.reset(1, code: 8))
    _ = try await caller.takeFrames()
    #expect(caller.backend.cancelled == 1)
    #expect(caller.backend.waiting == 1)
    #expect(caller.answers[1] == nil)
    #expect(caller.counted == Self.counted(.update, "CANCELLED"))
    #expect(caller.inFlight == 1)

    caller.backend.release()
    #expect(try await caller.answer(on: 3).status == "0")
    #expect(caller.counted.values.reduce(0, +) == 2)
    #expect(caller.inFlight == 0)
  }

  @Test func `a reset while the request is on its way makes no call`() async throws {
    let caller = try await Caller()
    try await caller.send(
      .headers(Request(.describe).adding("grpc-timeout", "50m").headers, on: 1),
      .reset(1, code: 8))
    await caller.pass(.seconds(1))
    #expect(try await caller.takeFrames().allSatisfy { $0.streamID == 0 })
    #expect(caller.backend.calls.isEmpty)
    #expect(caller.counted == Self.counted(.describe, "CANCELLED"))
    #expect(caller.inFlight == 0)
  }

  @Test func `an answer for a stream that was reset goes nowhere`() async throws {
    let caller = try await Caller(.waitStubbornly)
    try await caller.send(Request(.describe).bytes(on: 1))
    try await caller.send(.reset(1, code: 8))
    #expect(caller.inFlight == 0)
    caller.backend.release()
    _ = try await caller.takeFrames()
    #expect(caller.answers[1] == nil)
    #expect(caller.counted == Self.counted(.describe, "CANCELLED"))
  }

  @Test func `a lost connection cancels all of its calls`() async throws {
    let caller = try await Caller(.wait)
    for streamID in [Int32(1), 3, 5] {
      try await caller.send(Request(.describe).adding("grpc-timeout", "1S").bytes(on: streamID))
    }
    try await caller.send(.headers(Request(.describe).headers, on: 7))
    #expect(caller.inFlight == 4)
    try await caller.disconnect()
    #expect(caller.backend.cancelled == 3)
    #expect(caller.backend.waiting == 0)
    #expect(caller.inFlight == 0)
    #expect(caller.counted == [#"method="DescribeJobExecution",code="CANCELLED""#: 4])
    await caller.pass(.seconds(2))
    #expect(caller.counted == [#"method="DescribeJobExecution",code="CANCELLED""#: 4])
  }

  @Test func `an answer for a connection that is gone goes nowhere`() async throws {
    let caller = try await Caller(.waitStubbornly)
    try await caller.send(Request(.describe).bytes(on: 1))
    try await caller.disconnect()
    caller.backend.release()
    await caller.pass(.zero)
    #expect(caller.counted == Self.counted(.describe, "CANCELLED"))
    #expect(caller.inFlight == 0)
  }

  @Test func `what is no HTTP/2 closes the connection and its calls`() async throws {
    let caller = try await Caller(.wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    // A SETTINGS frame on a stream (RFC 9113 §6.5).
    try await caller.send(Frame(type: 4, streamID: 1))
    let frames = try await caller.takeFrames()
    #expect(frames.last?.kind == .goAway)
    #expect(caller.isClosed)
    #expect(caller.backend.cancelled == 1)
    #expect(caller.counted == Self.counted(.describe, "CANCELLED"))
    #expect(caller.inFlight == 0)
  }
}
