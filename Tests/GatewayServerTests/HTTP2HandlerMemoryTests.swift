// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import GatewayTestKit
import HTTP2Engine
import JobsAPI
import NIOCore
import Telemetry
import Testing

@testable import GatewayServer

/// The limit on what all connections together may hold.
struct HTTP2HandlerMemoryTests {
  private func caller(_ limitBytes: Int, _ script: ScriptedBackend.Script) async throws -> (
    Caller, MemoryBudget
  ) {
    let budget = MemoryBudget(limitBytes: limitBytes)
    let terms = ConnectionTerms(budget: budget, standardBudget: budget)
    return (try await Caller(script, terms: terms), budget)
  }

  @Test func `a call over the limit is told to come back, and costs nothing`() async throws {
    let (caller, budget) = try await self.caller(2 * MemoryBudget.bytesPerCall + 100, .wait)
    try await caller.send(Request(.describe).bytes(on: 1))
    try await caller.send(Request(.update).bytes(on: 3))
    try await caller.send(Request(.update).bytes(on: 5))
    let refused = try await caller.answer(on: 5)
    #expect(refused.status == "14")
    #expect(refused["grpc-retry-pushback-ms"] == "1000")
    #expect(caller.backend.calls.count == 2)
    caller.backend.release()
    #expect(try await caller.answer(on: 1).status == "0")
    #expect(try await caller.answer(on: 3).status == "0")
    #expect(budget.chargedBytes == 0)
    try await caller.send(Request(.describe).bytes(on: 7))
    caller.backend.release()
    #expect(try await caller.answer(on: 7).status == "0")
  }

  @Test func `a connection over its own limit leaves room to the others`() async throws {
    let budget = MemoryBudget()
    var limits = ConnectionLimits()
    limits.memoryBytes = MemoryBudget.bytesPerCall + 100
    let terms = ConnectionTerms(limits: limits, budget: budget)
    let greedy = try await Caller(.wait, terms: terms)
    let modest = try await Caller(.wait, terms: terms)
    try await greedy.send(Request(.describe).bytes(on: 1))
    try await greedy.send(Request(.describe).bytes(on: 3))
    #expect(try await greedy.answer(on: 3).status == "14")
    #expect(greedy.backend.calls.count == 1)
    try await modest.send(Request(.describe).bytes(on: 1))
    modest.backend.release()
    #expect(try await modest.answer(on: 1).status == "0")
    greedy.backend.release()
    #expect(try await greedy.answer(on: 1).status == "0")
    #expect(budget.chargedBytes == 0)
    try await greedy.send(Request(.describe).bytes(on: 5))
    greedy.backend.release()
    #expect(try await greedy.answer(on: 5).status == "0")
  }

  @Test func `a message over the limit ends its call`() async throws {
    let (caller, budget) = try await self.caller(MemoryBudget.bytesPerCall + 1_000, .answer())
    var request = Request(.describe)
    request.body = Request.frame(Array(repeating: 0, count: 2_000))
    try await caller.send(request.bytes(on: 1))
    #expect(try await caller.answer().status == "14")
    #expect(caller.backend.calls.isEmpty)
    #expect(budget.chargedBytes == 0)
  }

  // MARK: What inflates

  private static let watch = "/grpc.health.v1.Health/Watch"
  private static let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
  private static let inflatedBytes = 12_000

  /// The beginning of a call with a short message that inflates to some KiB.
  private func inflating(_ path: String, endStream: Bool) throws -> [UInt8] {
    let count = Self.inflatedBytes
    let message = [0x0A, 0x80 | UInt8(count & 0x7F), UInt8(count >> 7)]
    let frame = Request.frame(message + [UInt8](repeating: 0x61, count: count))
    var request = Request(path: path, message: []).adding("grpc-encoding", "gzip")
    request.body = try #require(MessageFraming.compressed(frame))
    #expect(request.body.count < 100)
    return Frame.headers(request.headers, on: 1).bytes
      + Frame.data(request.body, on: 1, endStream: endStream).bytes
  }

  @Test(arguments: [
    (Request.service + "DescribeJobExecution", false), (watch, false), (watch, true),
  ])
  func `a message is charged for what it inflates to`(path: String, endStream: Bool) async throws {
    let (caller, budget) = try await self.caller(1_000_000, .wait)
    try await caller.send(self.inflating(path, endStream: endStream))
    #expect(budget.chargedBytes > MemoryBudget.bytesPerCall + Self.inflatedBytes)
    try await caller.disconnect()
    #expect(budget.chargedBytes == 0)
  }

  @Test(arguments: [Request.service + "DescribeJobExecution", watch])
  func `a message that inflates to more than there is room for ends its call`(
    path: String
  ) async throws {
    let limit = MemoryBudget.bytesPerCall + Self.inflatedBytes - 1
    let (caller, budget) = try await self.caller(limit, .wait)
    try await caller.send(self.inflating(path, endStream: false))
    #expect(try await caller.answer().status == "14")
    try await caller.send(.reset(1, code: 8))
    #expect(budget.chargedBytes == 0)
  }

  @Test func `a message is charged until it is whole, though its bytes are cut already`()
    async throws
  {
    let (caller, budget) = try await self.caller(1_000_000, .wait)
    let body = Request.frame([UInt8](repeating: 0, count: 9_000)).dropLast(1_000)
    try await caller.send(
      .headers(Request(path: Self.reflection, message: []).headers, on: 1),
      .data(Array(body), on: 1))
    #expect(budget.chargedBytes >= MemoryBudget.bytesPerCall + 8_000)
    try await caller.send(.reset(1, code: 8))
    #expect(budget.chargedBytes == 0)
  }

  @Test func `a connection that breaks gives back what its calls held`() async throws {
    let (caller, budget) = try await self.caller(1_000_000, .wait)
    for streamID in stride(from: Int32(1), to: 20, by: 2) {
      try await caller.send(Request(.describe).bytes(on: streamID))
    }
    #expect(budget.chargedBytes > 10 * MemoryBudget.bytesPerCall)
    try await caller.disconnect()
    #expect(budget.chargedBytes == 0)
  }

  @Test func `an answer that nobody takes is charged until it is gone`() async throws {
    let budget = MemoryBudget()
    let caller = try await Caller(
      terms: ConnectionTerms(budget: budget), settings: [(id: 4, value: 0)])
    try await caller.send(Request(.describe).bytes(on: 1))
    let held = budget.chargedBytes
    #expect(held > MemoryBudget.bytesPerCall + Request(.describe).body.count)
    try await caller.send(.windowUpdate(10_000, on: 1))
    #expect(try await caller.answer().status == "0")
    #expect(budget.chargedBytes == 0)
  }

  @Test func `answers that wait for the socket are charged, whoever their streams were`()
    async throws
  {
    let (caller, budget) = try await self.caller(1_000_000, .answer())
    caller.readGate.holdFlushes()
    try await caller.send(Request(.describe).bytes(on: 1))
    await caller.pass(.seconds(2))
    #expect(budget.chargedBytes > 0)
    #expect(budget.chargedBytes < MemoryBudget.bytesPerCall)
    await caller.pass(.seconds(2))
    caller.readGate.letFlush()
    caller.channel.flush()
    #expect(try await caller.answer().status == "0")
    await caller.pass(.seconds(2))
    #expect(budget.chargedBytes == 0)
  }

  @Test func `what waits for a socket that breaks is given back`() async throws {
    let (caller, budget) = try await self.caller(1_000_000, .answer())
    caller.readGate.holdFlushes()
    try await caller.send(Request(.describe).bytes(on: 1))
    await caller.pass(.seconds(2))
    try await caller.disconnect()
    #expect(budget.chargedBytes == 0)
  }

  // MARK: Calls and standard methods

  private static let check = Request(path: "/grpc.health.v1.Health/Check", message: [])

  @Test func `calls that use up their memory leave health checks theirs`() async throws {
    let registry = MetricsRegistry()
    let limit = 8 * 2 * MemoryBudget.bytesPerCall
    let terms = ConnectionTerms(
      limits: ConnectionLimits(), memoryLimitBytes: limit, registry: registry)
    let caller = try await Caller(.wait, terms: terms)
    let streams = stride(from: Int32(1), to: 61, by: 2)
    for stream in streams { try await caller.send(Request(.describe).bytes(on: stream)) }
    _ = try await caller.takeFrames()
    #expect(streams.filter { caller.answers[$0]?.status == "14" }.count > 15)
    #expect(try await caller.call(Self.check, on: 61).status == "0")
    #expect(try await caller.call(Self.check, on: 63).status == "0")
  }

  @Test func `watchers that use up theirs leave calls what they have`() async throws {
    let registry = MetricsRegistry()
    let limit = 8 * 4 * MemoryBudget.bytesPerCall
    let terms = ConnectionTerms(
      limits: ConnectionLimits(), memoryLimitBytes: limit, registry: registry)
    let caller = try await Caller(.answer(), terms: terms)
    let streams = stride(from: Int32(1), to: 41, by: 2)
    for stream in streams {
      try await caller.send(Request(path: Self.watch, message: []).bytes(on: stream))
    }
    _ = try await caller.takeFrames()
    let refused = streams.filter { caller.answers[$0]?.status == "14" }
    #expect((17...19).contains(refused.count))
    #expect(try await caller.call(Self.check, on: 41).status == "14")
    #expect(try await caller.call(Request(.update), on: 43).status == "0")
    // Whoever goes makes room for another.
    try await caller.send(.reset(1, code: 8), .reset(3, code: 8), .reset(5, code: 8))
    #expect(try await caller.call(Self.check, on: 45).status == "0")
  }

  @Test func `a connection that may hold little can ask for health still`() async throws {
    var limits = ConnectionLimits()
    limits.memoryBytes = 65_536
    let caller = try await Caller(terms: ConnectionTerms(limits: limits))
    #expect(try await caller.call(Self.check).status == "0")
  }
}
