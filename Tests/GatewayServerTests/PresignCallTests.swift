// SPDX-License-Identifier: Apache-2.0

import Authorization
import GatewayTestKit
import JobsAPI
import Logging
import Telemetry
import Testing
import Transport

@testable import GatewayServer

/// `GeneratePresignedUrl` on one connection, signed by whoever the test says.
@Suite struct PresignCallTests {
  private static let path = "/iot.jobs.dataplane.v1.JobsPresignService/GeneratePresignedUrl"
  private static let secret = "http://h/things/t1/jobs?X-Amz-Signature=5ec2e7"

  private struct Presigner: CallPresigner {
    var failure: JobsFailure?
    var waits = false

    func presign(_ request: PresignRequest) async throws(JobsFailure) -> PresignedRequest {
      if self.waits { try? await Task.sleep(for: .seconds(3_600)) }
      if let failure = self.failure { throw failure }
      return PresignedRequest(
        url: PresignCallTests.secret, method: request.signedMethod, headers: [], body: nil,
        expiresAtSeconds: 1_000, expiresInSeconds: request.expiresInSeconds ?? 3_600,
        isCutShort: false)
    }
  }

  private let lines = KeptLines.Lines()

  private var logger: Logger {
    Logger(label: "test") { _ in KeptLines(lines: self.lines, logLevel: .trace) }
  }

  /// - Parameters:
  ///   - field: the operation's field in the oneof.
  ///   - method: what stands in `http_method`, if anything.
  private func request(
    _ field: UInt8, thing: String = "t1", method: String? = nil
  ) -> Request {
    var call = Request.text(1, thing)
    if field == 1 || field == 4 { call += Request.text(2, field == 1 ? "$next" : "j1") }
    if field == 4 { call += [3 << 3, 3] }
    let message = [field << 3 | 2, UInt8(call.count)] + call
    return Request(
      path: Self.path, message: message + (method.map { Request.text(6, $0) } ?? []))
  }

  private func caller(
    _ presigner: Presigner?, _ operations: String? = nil, mode: AuthorizationMode = .enforce
  ) async throws -> Caller {
    let policy = try operations.map { word in
      try AuthorizationPolicy(rules: [
        AuthorizationRule(
          name: "r", identities: [IdentityPattern("uid:7")],
          operations: OperationSet(word: word), things: [ThingPattern("t1")])
      ])
    }
    let control = try AccessControl(
      policy: policy, mode: mode, audit: AuditLog(self.logger), registry: MetricsRegistry())
    return try await Caller(
      peer: .unix(uid: 7, gid: 7, pid: 1), accessControl: control, presigner: presigner,
      logger: self.logger)
  }

  /// The signing is done beside the loop, which then has to run once more.
  private func answer(_ caller: Caller, on streamID: Int32) async throws -> Answer {
    while true {
      _ = try await caller.takeFrames()
      if let answer = caller.answers[streamID], answer.isEnded { return answer }
      await Task.yield()
    }
  }

  private func call(
    _ caller: Caller, _ request: Request, on streamID: Int32 = 1
  ) async throws -> Answer {
    try await caller.send(request.bytes(on: streamID))
    return try await self.answer(caller, on: streamID)
  }

  @Test func `it is not there unless somebody wants it`() async throws {
    let caller = try await self.caller(nil)
    #expect(try await caller.call(self.request(2)).status == "12")
  }

  @Test func `a URL is handed out, counted and audited, and told to nobody else`() async throws {
    let caller = try await self.caller(Presigner())
    let answer = try await self.call(caller, self.request(2))
    #expect(answer.status == "0")
    #expect(String(decoding: answer.body, as: UTF8.self).contains(Self.secret))
    #expect(caller.counted == [#"method="GeneratePresignedUrl",code="OK""#: 1])
    #expect(caller.inFlight == 0)
    let audited = self.lines.all.filter { $0["audit"] != nil }
    #expect(audited.map { $0["method"] } == ["GeneratePresignedUrl"])
    #expect(audited.map { $0["operation"] } == ["GetPendingJobExecutions"])
    #expect(audited.map { $0["thing"] } == ["t1"])
    #expect(!self.lines.all.contains { $0.values.contains { $0.contains("5ec2e7") } })
  }

  @Test func `the right to a URL is the right to what it does`() async throws {
    let caller = try await self.caller(Presigner(), "read")
    var streamID: Int32 = 1
    for (request, status) in [
      (self.request(1), "0"), (self.request(2), "0"), (self.request(3), "7"),
      (self.request(4), "7"), (self.request(2, thing: "t2"), "7"),
      // AWS would start an execution, or update one.
      (self.request(1, method: "PUT"), "7"), (self.request(1, method: "POST"), "7"),
      (self.request(1, method: "HEAD"), "0"),
    ] {
      #expect(try await self.call(caller, request, on: streamID).status == status)
      streamID += 2
    }
    let denied = self.lines.all.filter { $0["audit"] == "denied" }
    #expect(
      denied.map { $0["operation"] } == [
        "StartNextPendingJobExecution", "UpdateJobExecution", "GetPendingJobExecutions",
        "StartNextPendingJobExecution", "UpdateJobExecution",
      ])
  }

  @Test func `a stranger is refused before its request is read`() async throws {
    let control = try AccessControl(
      policy: AuthorizationPolicy(rules: []), audit: AuditLog(self.logger),
      registry: MetricsRegistry())
    let caller = try await Caller(accessControl: control, presigner: Presigner())
    try await caller.send(Frame.headers(self.request(2).headers, on: 1))
    #expect(try await caller.answer().status == "16")
    #expect(self.lines.all.map { $0["audit"] } == ["unauthenticated"])
    #expect(self.lines.all.map { $0["method"] } == ["GeneratePresignedUrl"])
  }

  @Test func `what cannot be signed is told as of the call itself`() async throws {
    let failure = JobsFailure(.credentialsUnavailable("none found"))
    let caller = try await self.caller(Presigner(failure: failure))
    let answer = try await self.call(caller, self.request(3))
    #expect(answer.status == "14")
    #expect(answer["grpc-message"] == "no AWS credentials: none found")
    let wrong = try await caller.call(Request(path: Self.path, message: []), on: 3)
    #expect(wrong.status == "3")
    #expect(wrong["grpc-message"] == "operation: must be set")
    #expect(try await caller.call(Request(path: Self.path, message: [0x0A]), on: 5).status == "3")
  }

  @Test func `whoever goes away waits for nothing`() async throws {
    let caller = try await self.caller(Presigner(waits: true))
    try await caller.send(self.request(2).bytes(on: 1))
    #expect(caller.inFlight == 1)
    try await caller.send(Frame.reset(1, code: 8))
    #expect(caller.inFlight == 0)
    #expect(caller.counted == [#"method="GeneratePresignedUrl",code="CANCELLED""#: 1])
  }
}
