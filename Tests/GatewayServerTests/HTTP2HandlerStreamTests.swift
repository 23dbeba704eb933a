// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import NIOCore
import NIOEmbedded
import Testing

@testable import GatewayServer

/// Health checks and reflection on one connection: what streamed calls are.
struct HTTP2HandlerStreamTests {
  private static let check = "/grpc.health.v1.Health/Check"
  private static let watch = "/grpc.health.v1.Health/Watch"
  private static let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
  private static let jobs = Request.text(1, "iot.jobs.dataplane.v1.JobsDataPlaneService")
  private static let serving: [UInt8] = [0, 0, 0, 0, 2, 8, 1]
  private static let notServing: [UInt8] = [0, 0, 0, 0, 2, 8, 2]
  private static let unknown: [UInt8] = [0, 0, 0, 0, 2, 8, 3]

  private func makeReady(_ caller: Caller) async {
    for condition in Readiness.Condition.allCases { caller.readiness.met(condition) }
    await caller.loop.run()
  }

  // MARK: Check and List

  @Test(arguments: [[], jobs])
  func `a check tells whether calls are served`(message: [UInt8]) async throws {
    let caller = try await Caller()
    let before = try await caller.call(Request(path: Self.check, message: message))
    #expect(before.status == "0")
    #expect(before.body == Self.notServing)
    await self.makeReady(caller)
    #expect(
      try await caller.call(Request(path: Self.check, message: message), on: 3).body == Self.serving
    )
    caller.readiness.drainBegan()
    let last = try await caller.call(Request(path: Self.check, message: message), on: 5)
    #expect(last.body == Self.notServing)
    #expect(caller.counted == [#"method="Check",code="OK""#: 3])
    #expect(caller.inFlight == 0)
  }

  @Test func `a check of what there is not is NOT_FOUND`() async throws {
    let caller = try await Caller()
    let answer = try await caller.call(
      Request(path: Self.check, message: Request.text(1, "other")))
    #expect(answer.status == "5")
    #expect(answer.isTrailersOnly)
  }

  @Test(arguments: [check, watch, "/grpc.health.v1.Health/List", reflection])
  func `what cannot be decoded is INVALID_ARGUMENT`(path: String) async throws {
    let caller = try await Caller()
    #expect(try await caller.call(Request(path: path, message: [0x0A])).status == "3")
    #expect(caller.inFlight == 0)
  }

  @Test func `a list names every service`() async throws {
    let caller = try await Caller()
    await self.makeReady(caller)
    let answer = try await caller.call(Request(path: "/grpc.health.v1.Health/List", message: []))
    #expect(answer.status == "0")
    let entry = { (name: String) in
      [0x0A, UInt8(name.utf8.count + 6)] + Request.text(1, name) + [0x12, 2, 8, 1]
    }
    #expect(
      Array(answer.body.dropFirst(5))
        == HealthStatuses(caller.readiness).services.flatMap { entry($0) })
  }

  @Test(arguments: [([], "none"), (Request.frame([]) + Request.frame([]), "more")])
  func `a check takes one message`(body: [UInt8], word: String) async throws {
    let caller = try await Caller()
    var request = Request(path: Self.check, message: [])
    request.body = body
    let answer = try await caller.call(request)
    #expect(answer.status == "12")
    #expect(answer["grpc-message"]?.contains(word) == true)
  }

  // MARK: Watch

  @Test func `a watcher hears the status and each change`() async throws {
    let caller = try await Caller()
    try await caller.send(Request(path: Self.watch, message: []).bytes(on: 1))
    #expect(try await caller.answer().body == Self.notServing)
    #expect(try await caller.answer().isEnded == false)
    await self.makeReady(caller)
    #expect(try await caller.answer().body == Self.notServing + Self.serving)
    #expect(caller.inFlight == 1)
    try await caller.send(Frame.reset(1, code: 8))
    #expect(caller.inFlight == 0)
    #expect(caller.counted == [#"method="Watch",code="CANCELLED""#: 1])
    caller.readiness.drainBegan()
    #expect(try await caller.takeFrames() == [])
  }

  @Test func `a watcher of what there is not hears so and stays`() async throws {
    let caller = try await Caller()
    let message = Request.text(1, "other")
    try await caller.send(Request(path: Self.watch, message: message).bytes(on: 1))
    await self.makeReady(caller)
    let answer = try await caller.answer()
    #expect(answer.body == Self.unknown)
    #expect(!answer.isEnded)
  }

  @Test func `a watcher that reads slowly hears the latest and no more`() async throws {
    let caller = try await Caller(settings: [(4, 7)])
    try await caller.send(Request(path: Self.watch, message: []).bytes(on: 1))
    #expect(try await caller.answer().body == Self.notServing)
    // This one waits for the window, and what follows has no room.
    await self.makeReady(caller)
    caller.readiness.drainBegan()
    await caller.loop.run()
    #expect(try await caller.answer().body == Self.notServing)
    try await caller.send(Frame.windowUpdate(1_000, on: 1))
    #expect(try await caller.answer().body == Self.notServing + Self.serving + Self.notServing)
  }

  @Test func `a watch ends with its deadline`() async throws {
    let caller = try await Caller()
    let request = Request(path: Self.watch, message: []).adding("grpc-timeout", "1S")
    try await caller.send(request.bytes(on: 1))
    await caller.pass(.milliseconds(999))
    #expect(try await caller.answer().isEnded == false)
    await caller.pass(.milliseconds(1))
    let answer = try await caller.answer()
    #expect(answer.status == "4")
    #expect(answer.body == Self.notServing)
    #expect(caller.counted == [#"method="Watch",code="DEADLINE_EXCEEDED""#: 1])
  }

  @Test func `a call that is not whole by its deadline ends in trailers alone`() async throws {
    let caller = try await Caller()
    let request = Request(path: Self.watch, message: []).adding("grpc-timeout", "1S")
    try await caller.send(Frame.headers(request.headers, on: 1))
    await caller.pass(.seconds(1))
    let answer = try await caller.answer()
    #expect(answer.status == "4")
    #expect(answer.isTrailersOnly)
  }

  @Test func `a hang-up ends what was watched`() async throws {
    let caller = try await Caller()
    try await caller.send(Request(path: Self.watch, message: []).bytes(on: 1))
    try await caller.disconnect()
    #expect(caller.inFlight == 0)
    #expect(caller.readiness.observerCount == 0)
  }

  // MARK: Drain

  @Test func `watchers hear of a drain before GOAWAY, and their calls end`() async throws {
    let caller = try await Caller()
    await self.makeReady(caller)
    try await caller.send(Request(path: Self.watch, message: []).bytes(on: 1))
    _ = try await caller.takeFrames()
    caller.readiness.drainBegan()
    await caller.fire(ChannelShouldQuiesceEvent())
    let frames = try await caller.takeFrames()
    let said = frames.map(\.kind).filter { $0 != .ping }
    #expect(said == [.data, .goAway, .headers] || said == [.data, .headers, .goAway])
    let answer = try #require(caller.answers[1])
    #expect(answer.body == Self.serving + Self.notServing)
    #expect(answer.status == "14")
    #expect(answer["grpc-retry-pushback-ms"] == "0")
  }

  @Test func `a drain does not wait for a watcher that reads nothing`() async throws {
    let caller = try await Caller(settings: [(4, 0)])
    try await caller.send(Request(path: Self.watch, message: []).bytes(on: 1))
    _ = try await caller.takeFrames()
    await caller.fire(ChannelShouldQuiesceEvent())
    let answer = try await caller.answer()
    #expect(answer.status == "14")
    #expect(answer.body == [])
    #expect(caller.inFlight == 0)
  }

  @Test func `while a connection drains, checks are answered and watches end at once`() async throws
  {
    let caller = try await Caller()
    caller.readiness.drainBegan()
    await caller.fire(ChannelShouldQuiesceEvent())
    _ = try await caller.takeFrames()
    let check = try await caller.call(Request(path: Self.check, message: []), on: 1)
    #expect(check.body == Self.notServing)
    let watch = try await caller.call(Request(path: Self.watch, message: []), on: 3)
    #expect(watch.status == "14")
    #expect(watch.isTrailersOnly)
  }

  // MARK: Reflection

  /// `list_services`, framed.
  private static let list = Request.frame([0x3A, 0])

  @Test func `each request of a stream is answered, and its end ends the call`() async throws {
    let caller = try await Caller()
    let request = Request(path: Self.reflection, message: [])
    try await caller.send(
      Frame.headers(request.headers, on: 1), Frame.data(Self.list + Self.list, on: 1))
    let two = try await caller.answer()
    #expect(!two.isEnded)
    #expect(
      two.body.count > 0
        && two.body.prefix(two.body.count / 2) == two.body.suffix(two.body.count / 2))
    try await caller.send(Frame.data(Self.list, on: 1, endStream: true))
    let three = try await caller.answer()
    #expect(three.status == "0")
    #expect(three.body.count == two.body.count / 2 * 3)
    #expect(caller.counted == [#"method="ServerReflectionInfo",code="OK""#: 1])
  }

  @Test func `a request cut anywhere is answered the same`() async throws {
    let whole = try await Caller()
    var request = Request(path: Self.reflection, message: [])
    request.body = Self.list + Self.list
    let expected = try await whole.call(request).body
    for cut in 1..<request.body.count {
      let caller = try await Caller()
      try await caller.send(
        Frame.headers(request.headers, on: 1), Frame.data(Array(request.body[..<cut]), on: 1))
      try await caller.send(Frame.data(Array(request.body[cut...]), on: 1, endStream: true))
      let answer = try await caller.answer()
      #expect(answer.body == expected)
      #expect(answer.status == "0")
    }
  }

  @Test func `a stream without a request is OK`() async throws {
    let caller = try await Caller()
    var request = Request(path: Self.reflection, message: [])
    request.body = []
    let answer = try await caller.call(request)
    #expect(answer.status == "0")
    #expect(answer.body == [])
  }

  @Test func `requests of one who reads nothing stay in the window`() async throws {
    let caller = try await Caller(settings: [(4, 10)])
    let request = Request(path: Self.reflection, message: [])
    let body = Array(repeating: Self.list, count: 14_000).flatMap { $0 }
    try await caller.send(Frame.headers(request.headers, on: 1))
    for start in stride(from: 0, to: body.count, by: 16_384) {
      try await caller.send(Frame.data(Array(body[start..<min(start + 16_384, body.count)]), on: 1))
    }
    let frames = try await caller.takeFrames()
    // One request is read for each answer, and the second answer does not fit.
    #expect(frames.filter { $0.kind == .windowUpdate && $0.streamID == 1 } == [])
    #expect(caller.answers[1]?.body.count == 10)
    try await caller.send(Frame.reset(1, code: 8))
    #expect(caller.inFlight == 0)
  }

  @Test func `a request that asks nothing ends the stream`() async throws {
    let caller = try await Caller()
    #expect(try await caller.call(Request(path: Self.reflection, message: [])).status == "3")
  }

  @Test func `both names of reflection are one method`() async throws {
    let caller = try await Caller()
    let old = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    let answer = try await caller.call(Request(path: old, message: [0x3A, 0]))
    #expect(answer.status == "0")
    #expect(caller.counted == [#"method="ServerReflectionInfo",code="OK""#: 1])
  }

  @Test func `reflection that is off is UNIMPLEMENTED`() async throws {
    let caller = try await Caller(reflection: false)
    let answer = try await caller.call(Request(path: Self.reflection, message: [0x3A, 0]))
    #expect(answer.status == "12")
    #expect(caller.counted == [#"method="unknown",code="UNIMPLEMENTED""#: 1])
  }

  // MARK: Limits

  @Test func `streams are charged for what they hold, and give it back`() async throws {
    let budget = MemoryBudget()
    let caller = try await Caller(
      terms: ConnectionTerms(standardBudget: budget), settings: [(4, 10)])
    let request = Request(path: Self.reflection, message: [])
    try await caller.send(
      Frame.headers(request.headers, on: 1), Frame.data(Self.list + Self.list + Self.list, on: 1))
    _ = try await caller.takeFrames()
    // Of the requests the second is answered and waits, the third is not read.
    let held = budget.chargedBytes - MemoryBudget.bytesPerCall
    #expect(held > Self.list.count)
    try await caller.send(Frame.windowUpdate(100_000, on: 1))
    _ = try await caller.takeFrames()
    #expect(budget.chargedBytes == MemoryBudget.bytesPerCall)
    try await caller.send(Request(path: Self.check, message: []).bytes(on: 3))
    _ = try await caller.takeFrames()
    #expect(budget.chargedBytes == MemoryBudget.bytesPerCall)
    try await caller.send(Frame.reset(1, code: 8))
    #expect(budget.chargedBytes == 0)
  }

  @Test func `streams over the limit are told to come back`() async throws {
    let budget = MemoryBudget(limitBytes: MemoryBudget.bytesPerCall + 100)
    let caller = try await Caller(terms: ConnectionTerms(standardBudget: budget))
    let request = Request(path: Self.reflection, message: [])
    try await caller.send(Frame.headers(request.headers, on: 1))
    let late = try await caller.call(Request(path: Self.check, message: []), on: 3)
    #expect(late.status == "14")
    #expect(late["grpc-retry-pushback-ms"] == "1000")
    try await caller.send(Frame.data(Array(repeating: 0, count: 200), on: 1))
    #expect(try await caller.answer().status == "14")
    try await caller.send(Frame.reset(1, code: 8))
    #expect(budget.chargedBytes == 0)
    #expect(try await caller.call(Request(path: Self.check, message: []), on: 5).status == "0")
  }

  @Test func `a request that does not end ends its call, but not a stream of many`() async throws {
    let caller = try await Caller()
    let watch = Request(path: Self.watch, message: [])
    let reflection = Request(path: Self.reflection, message: [])
    try await caller.send(
      Frame.headers(watch.headers, on: 1), Frame.headers(reflection.headers, on: 3),
      Frame.headers(watch.headers, on: 5), Frame.data(watch.body, on: 5, endStream: true))
    await caller.pass(.seconds(29))
    #expect(try await caller.answer(on: 5).body == Self.notServing)
    #expect(caller.answers[1] == nil)
    await caller.pass(.seconds(30))
    #expect(try await caller.answer().status == "4")
    #expect(caller.answers[5]?.isEnded == false)
    #expect(caller.answers[3] == nil)
    try await caller.send(Frame.data(Self.list, on: 3, endStream: true))
    #expect(try await caller.answer(on: 3).status == "0")
  }
}
