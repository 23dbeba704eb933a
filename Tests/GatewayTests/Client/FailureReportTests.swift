// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GRPCWire
import GatewayClient
import HTTP2Engine
import JobsAPI
import Testing
import Transport

@testable import iot_jobs_gateway

@Suite struct FailureReportTests {
  private static let reach = ClientReach(address: .tcp(host: "h", port: 1))
  private static let secure = ClientReach(
    address: .tcp(host: "h", port: 1), tls: ClientReach.TLS())

  private static func report(
    _ failure: CallFailure, isWrite: Bool = false, _ reach: ClientReach = Self.reach
  ) -> FailureReport {
    FailureReport(failure, isWrite: isWrite, reach)
  }

  private static func refused(
    _ code: GRPCStatusCode, reason: String? = nil, retryAfter: Int64? = nil, version: Int64? = nil,
    pushBack: String? = nil
  ) -> CallFailure {
    var details = RichStatus(code: Int32(code.rawValue), message: "m")
    details.errorInfo = reason.map { .init(reason: $0, domain: "iot-jobs-gateway") }
    details.retryDelayMilliseconds = retryAfter
    details.executionState = version.map {
      var state = JobExecutionState()
      state.status = .queued
      state.versionNumber = $0
      return state
    }
    var trailers = HeaderFields()
    if let pushBack { trailers.append("grpc-retry-pushback-ms", text: pushBack) }
    return .refused(
      CallEnd(
        status: GRPCStatus(code, "m"), details: details, trailers: ResponseMetadata(trailers)))
  }

  @Test func `exit statuses say what a script has to know`() {
    #expect(Self.report(.unreachable(.timedOut)).exitCode == 69)
    #expect(Self.report(.notGRPC(httpStatus: 404)).exitCode == 76)
    #expect(Self.report(.malformed("x"), isWrite: true).exitCode == 76)
    #expect(Self.report(.notTaken, isWrite: true).exitCode == 75)
    #expect(Self.report(.deadlineExceeded).exitCode == 75)
    #expect(Self.report(.connectionEnded("x")).exitCode == 75)
    #expect(Self.report(.connectionEnded("x"), isWrite: true).exitCode == 1)
    #expect(Self.report(.deadlineExceeded, isWrite: true).exitCode == 1)
    #expect(Self.report(Self.refused(.notFound)).exitCode == 1)
    #expect(Self.report(Self.refused(.unavailable)).exitCode == 75)
    #expect(Self.report(Self.refused(.aborted, retryAfter: 5)).exitCode == 75)
    #expect(Self.report(Self.refused(.unavailable, pushBack: "-1")).exitCode == 1)
  }

  @Test func `a write whose fate is unknown is not to be repeated blindly`() {
    let failures: [CallFailure] = [
      .connectionEnded("x"), .reset(.cancel), .deadlineExceeded, .cancelled, .malformed("x"),
      Self.refused(.unknown, reason: "OUTCOME_UNKNOWN", retryAfter: 1),
    ]
    for failure in failures {
      let report = Self.report(failure, isWrite: true)
      #expect(report.advice == .outcomeUnknown, "\(failure)")
      #expect(report.text(.plain).contains("describe the execution before you try again"))
    }
    // What was surely not looked at may be.
    #expect(Self.report(.notTaken, isWrite: true).advice == .comeBack(afterMilliseconds: nil))
  }

  @Test func `a refusal is told with its reason and what to do`() {
    let told = Self.report(Self.refused(.aborted, reason: "VERSION_MISMATCH", version: 3))
    #expect(
      told.text(.plain) == """
        error: ABORTED: m
        reason: VERSION_MISMATCH, says the gateway
        now: QUEUED, version 3
        hint: the execution is at version 3: look at it, then expect that version

        """)
    let later = Self.report(Self.refused(.resourceExhausted, retryAfter: 250))
    #expect(later.text(.plain) == "error: RESOURCE_EXHAUSTED: m\nhint: try again in 250 ms\n")
    #expect(
      String(decoding: later.json, as: UTF8.self)
        == #"{"error":{"code":"RESOURCE_EXHAUSTED","message":"m","retryable":true,"#
        + #""retryAfterMilliseconds":250}}"#)
  }

  @Test func `a connection that fails says which flag to change`() {
    func hint(_ failure: CallFailure, _ reach: ClientReach) -> String {
      Self.report(failure, reach).text(.plain)
    }
    #expect(hint(.connectionEnded("x"), Self.reach).contains("--tls-ca"))
    #expect(
      Self.report(.connectionEnded("x"), isWrite: true).text(.plain).contains("--tls-ca"))
    #expect(!hint(.connectionEnded("x"), Self.secure).contains("--tls-ca"))
    let plain = CallFailure.unreachable(.tls(.engine(.notTLS(.http))))
    #expect(hint(plain, Self.secure).contains("leave the TLS flags out"))
    #expect(hint(.unreachable(.native(errno: 2)), Self.reach).contains("no such socket"))
  }

  @Test func `nothing of a peer's moves the cursor`() {
    let failure = CallFailure.refused(
      CallEnd(status: GRPCStatus(.internal, "a\u{1B}[31mb\nc\u{9B}")))
    let text = Self.report(failure).text(.plain)
    #expect(text == "error: INTERNAL: a\\u{1b}[31mb\\u{a}c\\u{9b}\n")
  }
}
