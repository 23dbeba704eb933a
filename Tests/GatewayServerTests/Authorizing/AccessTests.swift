// SPDX-License-Identifier: Apache-2.0

import Authorization
import CryptoEngine
import GatewayTestKit
import JobsAPI
import Logging
import Telemetry
import Testing
import Transport

@testable import GatewayServer

/// What a policy lets callers do, over a connection.
@Suite struct AccessTests {
  private static let device = ConnectionPeer.certificate(
    PeerNames(uris: ["spiffe://td/thing/t1"], dnsNames: ["t1.example"]))
  private static let token = "Bearer abcdefghijklmnop"

  private let lines = KeptLines.Lines()
  private let registry = MetricsRegistry()

  private func policy(
    _ identities: [String], _ word: String = "all", on things: [String]
  ) throws -> AuthorizationPolicy {
    try AuthorizationPolicy(rules: [
      AuthorizationRule(
        name: "r", identities: identities.map { try IdentityPattern($0) },
        operations: OperationSet(word: word), things: things.map { try ThingPattern($0) })
    ])
  }

  private func tokens(_ text: String) throws -> TokenTable {
    try TokenTable(parsing: Array(text.utf8)) { token in
      var hasher = try? SHA256Hasher()
      return (try? hasher?.hash(token.span)).map { TokenDigest($0.bytes) }
    }
  }

  private func control(
    _ policy: AuthorizationPolicy?, tokens: TokenTable? = nil,
    mode: AuthorizationMode = .enforce
  ) throws -> AccessControl {
    let logger = Logger(label: "test") { _ in KeptLines(lines: self.lines) }
    return try AccessControl(
      policy: policy, tokens: tokens, mode: mode, audit: AuditLog(logger),
      registry: self.registry)
  }

  private var decisions: [String: Int] {
    self.registry.samples(of: "iot_jobs_gateway_authorization_total").filter { $0.value != 0 }
  }

  @Test func `a device acts on its own thing, and on no other`() async throws {
    let control = try self.control(self.policy(["spiffe://td/thing/{thing}"], on: ["{thing}"]))
    let caller = try await Caller(peer: Self.device, accessControl: control)
    #expect(try await caller.call(Request(.update)).status == "0")
    let other = try await caller.call(Request(.describe, thing: "t2"), on: 3)
    #expect(other.status == "7")
    #expect(other.isTrailersOnly)
    #expect(
      other["grpc-message"] == "this gateway's policy does not allow the caller to make this call")
    #expect(caller.backend.calls.count == 1)
    #expect(
      self.decisions == [
        #"decision="allowed",mode="enforce""#: 1, #"decision="denied",mode="enforce""#: 1,
      ])
    #expect(
      caller.counted == [
        #"method="UpdateJobExecution",code="OK""#: 1,
        #"method="DescribeJobExecution",code="PERMISSION_DENIED""#: 1,
      ])
    #expect(caller.inFlight == 0)
  }

  @Test func `a stranger is refused by its headers`() async throws {
    let control = try self.control(self.policy(["uid:*"], on: ["*"]))
    let caller = try await Caller(accessControl: control)
    let request = Request(.startNext)
    try await caller.send(Frame.headers(request.headers, on: 1))
    let answer = try await caller.answer()
    #expect(answer.status == "16")
    #expect(answer.isTrailersOnly)
    // What comes on such a stream is ignored, and the connection goes on.
    try await caller.send(Frame.data(request.body, on: 1, endStream: true))
    #expect(try await caller.call(Request(.describe), on: 3).status == "16")
    #expect(caller.backend.calls.isEmpty)
    #expect(self.decisions == [#"decision="unauthenticated",mode="enforce""#: 2])
    #expect(caller.inFlight == 0)
    #expect(self.lines.all.map { $0["audit"] } == ["unauthenticated", "unauthenticated"])
    #expect(self.lines.all[0]["caller"] == "unknown")
  }

  @Test func `the user of a Unix socket is known by the kernel's word`() async throws {
    let control = try self.control(self.policy(["uid:7"], "read", on: ["*"]))
    for (uid, status) in [(UInt32(7), "0"), (8, "7")] {
      let caller = try await Caller(peer: .unix(uid: uid, gid: 7, pid: 1), accessControl: control)
      #expect(try await caller.call(Request(.describe)).status == status)
      #expect(try await caller.call(Request(.update), on: 3).status == "7")
    }
  }

  @Test func `a token names its caller, and a wrong one nobody`() async throws {
    let control = try self.control(
      self.policy(["token:console"], on: ["*"]), tokens: self.tokens("console: abcdefghijklmnop"))
    let caller = try await Caller(peer: .unix(uid: 7, gid: 7, pid: 1), accessControl: control)
    func status(_ values: String..., on streamID: Int32) async throws -> String? {
      let request = values.reduce(Request(.describe)) { $0.adding("authorization", $1) }
      return try await caller.call(request, on: streamID).status
    }
    #expect(try await status(Self.token, on: 1) == "0")
    #expect(try await status(Self.token + "q", on: 3) == "16")
    #expect(try await status("Bearer", on: 5) == "16")
    #expect(try await status(Self.token, Self.token, on: 7) == "16")
    // Without a token, or with what is none, the peer alone counts.
    #expect(try await status(on: 9) == "7")
    #expect(try await status("Basic YTpi", on: 11) == "7")
  }

  @Test func `without a token file the metadata says nothing`() async throws {
    let control = try self.control(self.policy(["uid:7"], on: ["*"]))
    let caller = try await Caller(peer: .unix(uid: 7, gid: 7, pid: 1), accessControl: control)
    #expect(
      try await caller.call(Request(.describe).adding("authorization", "Bearer x")).status == "0")
  }

  @Test func `what is replaced holds for the next call of an open connection`() async throws {
    let control = try self.control(
      self.policy(["token:a"], on: ["*"]), tokens: self.tokens("a: abcdefghijklmnop"))
    let caller = try await Caller(peer: Self.device, accessControl: control)
    let request = Request(.describe).adding("authorization", Self.token)
    #expect(try await caller.call(request, on: 1).status == "0")
    control.replace(policy: try self.policy(["token:b"], on: ["*"]))
    #expect(try await caller.call(request, on: 3).status == "7")
    control.replace(tokens: try self.tokens("b: abcdefghijklmnop"))
    #expect(try await caller.call(request, on: 5).status == "0")
    control.replace(tokens: try self.tokens(""))
    #expect(try await caller.call(request, on: 7).status == "16")
    control.replace(policy: try self.policy(["dns:*.example"], on: ["*"]))
    #expect(try await caller.call(Request(.describe), on: 9).status == "0")
  }

  @Test func `a proxy's connection carries more tokens than are kept`() async throws {
    let numbers = 0...(2 * ConnectionAccess.callerLimit)
    let control = try self.control(
      self.policy(["token:{thing}"], on: ["{thing}"]),
      tokens: self.tokens(numbers.map { "t\($0): token-number-0000\($0)" }.joined(separator: "\n")))
    let caller = try await Caller(accessControl: control)
    for number in numbers {
      let request = Request(.describe, thing: "t\(number)")
        .adding("authorization", "Bearer token-number-0000\(number)")
      #expect(try await caller.call(request, on: Int32(4 * number + 1)).status == "0")
      let other = Request(.describe, thing: "t\(number + 1)")
        .adding("authorization", "Bearer token-number-0000\(number)")
      #expect(try await caller.call(other, on: Int32(4 * number + 3)).status == "7")
    }
  }

  @Test func `in shadow nothing is refused, and all is counted`() async throws {
    let control = try self.control(AuthorizationPolicy(), mode: .shadow)
    let stranger = try await Caller(accessControl: control)
    #expect(try await stranger.call(Request(.update)).status == "0")
    let device = try await Caller(peer: Self.device, accessControl: control)
    #expect(try await device.call(Request(.describe)).status == "0")
    #expect(
      self.decisions == [
        #"decision="unauthenticated",mode="shadow""#: 1, #"decision="denied",mode="shadow""#: 1,
      ])
    #expect(self.lines.all.map { $0["mode"] } == ["shadow", "shadow"])
    #expect(self.lines.all.map { $0["grpc-code"] } == ["OK", "OK"])
  }

  @Test func `a call that may change something has its line, a read has none`() async throws {
    let control = try self.control(self.policy(["spiffe://td/thing/*"], on: ["*"]))
    let caller = try await Caller(peer: Self.device, accessControl: control)
    _ = try await caller.call(Request(.describe).adding("x-request-id", "r-1"))
    _ = try await caller.call(Request(.update).adding("x-request-id", "r-2"), on: 3)
    _ = try await caller.call(Request(.startNext).adding("x-request-id", "r-3"), on: 5)
    var line = [
      "message": "call", "level": "notice", "audit": "allowed", "rule": "r", "thing": "t1",
      "caller": "spiffe://td/thing/t1", "grpc-code": "OK", "method": "UpdateJobExecution",
      "job": "j1", "request-id": "r-2",
    ]
    #expect(self.lines.all.first == line)
    line["method"] = "StartNextPendingJobExecution"
    line["request-id"] = "r-3"
    line["job"] = nil
    #expect(self.lines.all.dropFirst() == [line])
  }

  @Test func `a line is written whatever the level of the log`() async throws {
    var logger = Logger(label: "test") { _ in KeptLines(lines: self.lines) }
    logger.logLevel = .critical
    let control = try AccessControl(policy: nil, audit: AuditLog(logger), registry: self.registry)
    let caller = try await Caller(accessControl: control)
    _ = try await caller.call(Request(.update))
    #expect(self.lines.all.count == 1)
  }

  @Test func `a line is written once the outcome is known`() async throws {
    let control = try self.control(self.policy(["spiffe://td/thing/*"], on: ["*"]))
    let caller = try await Caller(.wait, peer: Self.device, accessControl: control)
    try await caller.send(Request(.update).bytes(on: 1))
    #expect(self.lines.all.isEmpty)
    try await caller.send(Frame.reset(1, code: 8))
    #expect(self.lines.all.map { $0["grpc-code"] } == ["CANCELLED"])
  }

  @Test func `a call that ends before it is read has its line too, if it was a write`() async throws
  {
    let control = try self.control(self.policy(["spiffe://td/thing/*"], on: ["*"]))
    let caller = try await Caller(peer: Self.device, accessControl: control)
    for (index, operation) in [JobsOperation.update, .describe].enumerated() {
      var request = Request(operation)
      request.body = Request.frame([0xFF])
      #expect(try await caller.call(request, on: Int32(4 * index + 1)).status == "3")
      try await caller.send(.headers(request.headers, on: Int32(4 * index + 3)))
      try await caller.send(.reset(Int32(4 * index + 3), code: 8))
    }
    #expect(self.lines.all.map { $0["grpc-code"] } == ["INVALID_ARGUMENT", "CANCELLED"])
    for line in self.lines.all {
      #expect(line["audit"] == "unread" && line["method"] == "UpdateJobExecution")
      #expect(line["caller"] == "spiffe://td/thing/t1" && line["thing"] == nil)
    }
    #expect(caller.backend.calls.isEmpty)
  }

  @Test func `lines of calls that are not made are bounded, those of others are not`() async throws
  {
    let logger = Logger(label: "test") { _ in KeptLines(lines: self.lines) }
    let control = try AccessControl(
      policy: nil, audit: AuditLog(logger, refusalsPerSecond: 0), registry: self.registry)
    let caller = try await Caller(accessControl: control)
    for number in 0..<Int32(5) {
      try await caller.send(.headers(Request(.update).headers, on: 4 * number + 1))
      try await caller.send(.reset(4 * number + 1, code: 8))
      _ = try await caller.call(Request(.update), on: 4 * number + 3)
    }
    #expect(self.lines.all.count { $0["audit"] == "no-policy" } == 5)
    #expect(self.lines.all.count { $0["audit"] == "unread" } == 0)
  }

  @Test func `the audit log alone asks who calls, and refuses nobody`() async throws {
    let control = try self.control(nil)
    let caller = try await Caller(accessControl: control)
    #expect(try await caller.call(Request(.update)).status == "0")
    #expect(self.lines.all.map { $0["audit"] } == ["no-policy"])
    #expect(self.decisions == [:])
  }
}

@Suite struct RefusalLinesTests {
  @Test func `so many lines in a second, and the next tells of the rest`() {
    let start = ContinuousClock.now
    var lines = RefusalLines(perSecond: 2)
    #expect(lines.refused(now: start) == .write(hidden: 0))
    #expect(lines.refused(now: start) == .write(hidden: 0))
    #expect(lines.refused(now: start + .milliseconds(999)) == .hide)
    #expect(lines.refused(now: start + .milliseconds(999)) == .hide)
    #expect(lines.refused(now: start + .seconds(1)) == .write(hidden: 2))
    #expect(lines.refused(now: start + .seconds(1)) == .write(hidden: 0))
    #expect(lines.refused(now: start + .milliseconds(1_999)) == .hide)
    #expect(lines.refused(now: start + .seconds(9)) == .write(hidden: 1))
  }
}
