// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GRPCWire
import GatewayClient
import HTTP2Engine
import JobsAPI
import Transport

/// A failed call in words: what happened, whose fault it is, and what to do.
struct FailureReport: Equatable {
  /// What coming back would do.
  enum Advice: Equatable {
    /// It helps, after so many milliseconds if that is known.
    case comeBack(afterMilliseconds: Int64?)
    /// The call may have been carried out.
    case outcomeUnknown
    /// Something else has to change first.
    case change(String)
    case none
  }

  /// gRPC's name of the code, or one of this program's for what never had an answer.
  var code: String
  var message: String
  /// Why, in one word for scripts.
  var reason: String?
  /// Who says so.
  var domain: String?
  var violations: [FieldViolation] = []
  /// How the execution is now, if the refusal told.
  var state: JobExecutionState?
  var requestID: String?
  var awsRequestID: String?
  var advice = Advice.none

  /// - Parameters:
  ///   - isWrite: whether the call may have changed something.
  ///   - reach: how the gateway was come to.
  init(_ failure: CallFailure, isWrite: Bool, _ reach: ClientReach) {
    let lost = isWrite ? Advice.outcomeUnknown : .comeBack(afterMilliseconds: nil)
    switch failure {
    case .unreachable(let why):
      self.init("UNREACHABLE", "\(reach.address): \(why.words)")
      self.advice = Self.advice(why, reach)
    case .notTaken:
      self.init("NOT_TAKEN", "the gateway takes no more calls on this connection")
      self.advice = .comeBack(afterMilliseconds: nil)
    case .connectionEnded(let why):
      // A listener that speaks TLS closes a plaintext connection as one that dies does.
      let hint = " (if \(reach.address) speaks TLS, give --tls or --tls-ca FILE)"
      self.init("CONNECTION_LOST", why + (reach.tls == nil ? hint : ""))
      self.advice = lost
    case .reset(let code):
      self.init("RESET", "the gateway gave the call up, HTTP/2 error \(code.rawValue)")
      self.advice = lost
    case .deadlineExceeded:
      self.init("DEADLINE_EXCEEDED", "no answer in time (--deadline)")
      self.advice = lost
    case .cancelled:
      self.init("CANCELLED", "given up")
      self.advice = isWrite ? .outcomeUnknown : .none
    case .notGRPC(let status):
      self.init("NOT_GRPC", "what answers does not speak gRPC (HTTP status \(status))")
      self.advice = .change("see that \(reach.address) is a gateway's gRPC listener")
    case .malformed(let why):
      self.init("MALFORMED_ANSWER", why)
      self.advice = lost
    case .refused(let end): self.init(end)
    }
  }

  private init(_ code: String, _ message: String) {
    self.code = code
    self.message = message
  }

  private init(_ end: CallEnd) {
    self.init("\(end.status.code.name)", end.status.message)
    self.reason = end.details?.errorInfo?.reason
    self.domain = end.details?.errorInfo?.domain
    self.violations = end.details?.violations ?? []
    self.state = end.details?.executionState
    self.requestID = end.trailers["x-request-id"]
    self.awsRequestID = end.trailers["x-amzn-requestid"]
    self.advice = self.advice(end)
  }

  private func advice(_ end: CallEnd) -> Advice {
    if self.reason == "OUTCOME_UNKNOWN" { return .outcomeUnknown }
    if let delay = end.details?.retryDelayMilliseconds {
      return .comeBack(afterMilliseconds: delay)
    }
    if self.reason == "VERSION_MISMATCH", let version = self.state?.versionNumber {
      return .change("the execution is at version \(version): look at it, then expect that version")
    }
    // A negative push-back forbids it (gRFC A6).
    let isForbidden = end.trailers["grpc-retry-pushback-ms"]?.hasPrefix("-") ?? false
    let mayPass = end.status.code == .unavailable || end.status.code == .resourceExhausted
    return mayPass && !isForbidden ? .comeBack(afterMilliseconds: nil) : .none
  }

  private static func advice(_ failure: ConnectFailure, _ reach: ClientReach) -> Advice {
    switch failure {
    case .tls(.engine(.notTLS)):
      .change("\(reach.address) speaks plaintext: leave the TLS flags out")
    case .tls(.engine(.certificateRejected)):
      .change("name the authority with --tls-ca FILE, or the expected name with --server-name NAME")
    case .tls: .change("see that the gateway's listener is one with TLS (tls:ADDRESS:PORT)")
    default: .change("see that a gateway runs and listens there (--address)")
    }
  }
}

// MARK: - Exit status

extension FailureReport {
  /// From sysexits(3) where it has one: 69 if the gateway was not reached, 75 if coming back helps,
  /// 76 if what answers is no gateway; else 1.
  var exitCode: Int32 {
    switch (self.code, self.advice) {
    case ("UNREACHABLE", _): 69
    case ("NOT_GRPC", _), ("MALFORMED_ANSWER", _): 76
    case (_, .comeBack): 75
    default: 1
    }
  }
}

// MARK: - Words

extension FailureReport {
  func text(_ palette: Palette) -> String {
    var text = palette.paint("error", .red) + ": \(self.code.shown)"
    text += self.message.isEmpty ? "\n" : ": \(self.message.shown)\n"
    if let reason = self.reason {
      let who = self.domain == "iotjobs.amazonaws.com" ? "AWS" : "the gateway"
      text += "reason: \(reason.shown), says \(who)\n"
    }
    for violation in self.violations {
      text += "field: \(violation.field.shown) \(violation.rule.shown)\n"
    }
    if let state = self.state {
      let status = state.status.map(palette.status) ?? "unknown"
      let version = state.versionNumber.map { ", version \($0)" } ?? ""
      text += "now: \(status)\(version)\n"
    }
    if let hint = self.hint { text += "hint: \(hint)\n" }
    var ids: [String] = []
    if let id = self.requestID { ids.append(id.shown) }
    if let id = self.awsRequestID { ids.append("AWS's \(id.shown)") }
    if !ids.isEmpty { text += palette.faint("request: \(ids.joined(separator: ", "))") + "\n" }
    return text
  }

  private var hint: String? {
    switch self.advice {
    case .comeBack(nil): "it may pass; try again"
    case .comeBack(let milliseconds?): "try again in \(milliseconds) ms"
    case .outcomeUnknown:
      "whether it was carried out is not known: describe the execution before you try again"
    case .change(let what): what.shown
    case .none: nil
    }
  }

  /// One line of JSON.
  var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("error", object: self.writeMembers)
    }
    return json.bytes
  }

  private func writeMembers(into json: inout JSONWriter) {
    json.member("code", self.code)
    json.member("message", self.message)
    json.member("reason", self.reason)
    json.member("domain", self.domain)
    switch self.advice {
    case .comeBack(let milliseconds):
      json.member("retryable", true)
      json.member("retryAfterMilliseconds", milliseconds)
    case .outcomeUnknown: json.member("outcomeUnknown", true)
    case .change, .none: json.member("retryable", false)
    }
    if !self.violations.isEmpty {
      json.member(
        "fieldViolations",
        array: { json in
          for violation in self.violations {
            json.object { json in
              json.member("field", violation.field)
              json.member("rule", violation.rule)
            }
          }
        })
    }
    if let state = self.state { json.member("executionState", object: state.writeMembers) }
    json.member("requestId", self.requestID)
    json.member("awsRequestId", self.awsRequestID)
  }
}
