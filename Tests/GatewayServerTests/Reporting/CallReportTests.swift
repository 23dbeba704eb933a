// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Logging
import NIOCore
import Testing
import Transport

@testable import GatewayServer

/// Whoever ends a call, it is told once, with all that is known by then.
@Suite struct CallReportTests {
  private let lines = KeptLines.Lines()

  private func caller(
    _ script: ScriptedBackend.Script = .answer(), share: Double = 1,
    peer: ConnectionPeer = .anonymous
  ) async throws -> Caller {
    let logger = Logger(label: "test") { _ in KeptLines(lines: self.lines) }
    return try await Caller(script, peer: peer, callLog: CallLog(logger, share: share))
  }

  /// The one line so far, without the time that it took.
  private func line() throws -> [String: String] {
    #expect(self.lines.all.count == 1)
    var line = try #require(self.lines.all.first)
    #expect(line.removeValue(forKey: "total-ms") != nil)
    return line
  }

  @Test func `an answer is told with how it was come by`() async throws {
    let trace = UpstreamTrace(awsRequestID: "aws-1", attempts: 2, cache: CacheResult(.miss))
    let caller = try await self.caller(
      .answer(trace), peer: .unix(uid: 7, gid: 7, pid: 1))
    _ = try await caller.call(Request(.update).adding("x-request-id", "mine"))
    #expect(
      try self.line() == [
        "message": "call answered", "level": "info", "method": "UpdateJobExecution",
        "grpc-code": "OK", "request-id": "mine", "thing": "t1", "job": "j1", "caller": "uid:7",
        "attempts": "2", "aws-request-id": "aws-1", "cache": "miss",
      ])
  }

  @Test func `an answer at hand is told like any other`() async throws {
    let trace = UpstreamTrace(cache: CacheResult(.hit, ageSeconds: 0))
    let caller = try await self.caller(.atHand(.success(trace)))
    _ = try await caller.call(Request(.describe).adding("x-request-id", "mine"))
    #expect(
      try self.line() == [
        "message": "call answered", "level": "info", "method": "DescribeJobExecution",
        "grpc-code": "OK", "request-id": "mine", "thing": "t1", "job": "j1", "attempts": "0",
        "cache": "hit",
      ])
  }

  @Test func `a failure is told with its reason`() async throws {
    let caller = try await self.caller(
      .fail(JobsFailure(.unreachable("refused"), trace: UpstreamTrace(attempts: 3))), share: 0)
    _ = try await caller.call(Request(.startNext).adding("x-request-id", "mine"))
    #expect(
      try self.line() == [
        "message": "call failed", "level": "warning", "method": "StartNextPendingJobExecution",
        "grpc-code": "UNAVAILABLE", "reason": "CONNECTION",
        "error": "AWS cannot be reached: refused", "request-id": "mine", "thing": "t1",
        "attempts": "3",
      ])
  }

  @Test func `a call whose caller goes away is told what it was`() async throws {
    let caller = try await self.caller(.wait, share: 0)
    try await caller.send(Request(.describe).adding("x-request-id", "mine").bytes(on: 1))
    #expect(self.lines.all.isEmpty)
    try await caller.send(.reset(1, code: 8))
    #expect(
      try self.line() == [
        "message": "call failed", "level": "info", "method": "DescribeJobExecution",
        "grpc-code": "CANCELLED", "reason": "CANCELLED", "error": "the caller went away",
        "request-id": "mine", "thing": "t1", "job": "j1",
      ])
  }

  @Test func `a deadline that passes is told once, whatever comes after it`() async throws {
    let caller = try await self.caller(.waitStubbornly, share: 0)
    let request = Request(.describe).adding("x-request-id", "mine").adding("grpc-timeout", "50m")
    try await caller.send(request.bytes(on: 1))
    await caller.pass(.milliseconds(50))
    caller.backend.release()
    _ = try await caller.answer()
    #expect(try self.line()["reason"] == "DEADLINE_EXCEEDED")
    #expect(try self.line()["thing"] == "t1")
    #expect(try self.line()["attempts"] == nil)
  }

  @Test func `what is no call of ours is told too`() async throws {
    let caller = try await self.caller(share: 0)
    var request = Request(.describe)
    request.path = "/some.other/Method"
    _ = try await caller.call(request.adding("x-request-id", "mine"))
    #expect(
      try self.line() == [
        "message": "call failed", "level": "info", "method": "unknown",
        "grpc-code": "UNIMPLEMENTED", "reason": "UNIMPLEMENTED", "error": "unknown method",
        "request-id": "mine",
      ])
  }

  @Test func `a health check has its line when every call has`() async throws {
    let caller = try await self.caller()
    _ = try await caller.call(
      Request(path: "/grpc.health.v1.Health/Check", message: []).adding("x-request-id", "mine"))
    #expect(
      try self.line() == [
        "message": "call answered", "level": "info", "method": "Check", "grpc-code": "OK",
        "request-id": "mine",
      ])
  }

  @Test func `a watch that its caller ends is no failure`() async throws {
    let caller = try await self.caller(share: 0)
    try await caller.send(
      Request(path: "/grpc.health.v1.Health/Watch", message: []).bytes(on: 1))
    try await caller.send(.reset(1, code: 8))
    #expect(self.lines.all.isEmpty)
    #expect(caller.inFlight == 0)
  }
}
