// SPDX-License-Identifier: Apache-2.0

import RESTServer

/// Why a text is no fault. The text says what is allowed.
package struct FaultTextError: Error, Equatable, Sendable {
  package var message: String
}

extension Fault {
  package static let latencyLimitMilliseconds: Int64 = 600_000
  /// Bytes of a fault's text.
  package static let textLimitBytes = 1_024

  /// Reads the grammar that ``Fault`` describes. An empty text is no fault.
  package init(text: String) throws(FaultTextError) {
    guard text.utf8.count <= Self.textLimitBytes else {
      throw FaultTextError(message: "a fault has at most \(Self.textLimitBytes) bytes")
    }
    var parts = Parts()
    for part in text.split(separator: ";") {
      let part = part.trimmed
      guard !part.isEmpty else { continue }
      guard let equals = part.firstIndex(of: "=") else {
        throw FaultTextError(message: "\(part): write name=value")
      }
      let value = part[part.index(after: equals)...].trimmed
      try parts.set(String(part[..<equals].trimmed), String(value))
    }
    self = try parts.fault()
  }

  /// The text that ``init(text:)`` reads back as the same fault.
  package var text: String {
    var parts: [String] = []
    if self.latencyMilliseconds > 0 { parts.append("latency=\(self.latencyMilliseconds)") }
    switch self.outcome {
    case nil: break
    case .refuse(let error, let moment):
      parts += ["error=\(error.name)", "status=\(error.status)", "message=\(error.message)"]
      if let retryAfter = error.retryAfterMilliseconds { parts.append("retry-after=\(retryAfter)") }
      parts.append("when=\(moment.rawValue)")
    case .drop(let moment): parts.append("drop=\(moment.rawValue)")
    case .truncate: parts.append("truncate=after")
    case .body(let body, let moment):
      parts += ["body=\(body.rawValue)", "when=\(moment.rawValue)"]
    }
    return parts.joined(separator: ";")
  }

  /// The parts before it is known how they go together.
  private struct Parts {
    private var latency: Int64?
    private var error: String?
    private var status: Int?
    private var message: String?
    private var retryAfter: Int64?
    private var drop: Moment?
    private var truncate: Moment?
    private var body: Body?
    private var when: Moment?
    private var seen: Set<String> = []

    mutating func set(_ name: String, _ value: String) throws(FaultTextError) {
      guard self.seen.insert(name).inserted else {
        throw FaultTextError(message: "\(name) is given twice")
      }
      switch name {
      case "latency": self.latency = try Self.number(name, value, Fault.latencyLimitMilliseconds)
      case "retry-after":
        self.retryAfter = try Self.number(name, value, Fault.latencyLimitMilliseconds)
      case "error": self.error = try Self.name(value)
      case "status": self.status = try Self.status(value)
      case "message": self.message = value
      case "drop": self.drop = try Self.word(name, value, [Moment.before, .after])
      case "truncate": self.truncate = try Self.word(name, value, [Moment.after])
      case "when": self.when = try Self.word(name, value, [Moment.before, .after])
      case "body": self.body = try Self.word(name, value, Body.allCases)
      default:
        throw FaultTextError(
          message: "\(name): known are latency, error, status, message, retry-after, drop, "
            + "truncate, body and when")
      }
    }

    func fault() throws(FaultTextError) -> Fault {
      let refuses = self.error != nil || self.status != nil
      let outcomes = [refuses, self.drop != nil, self.truncate != nil, self.body != nil]
      guard outcomes.count(where: { $0 }) <= 1 else {
        throw FaultTextError(message: "give one of error or status, drop, truncate and body")
      }
      guard self.when == nil || refuses || self.body != nil else {
        throw FaultTextError(message: "when goes with error, status or body")
      }
      guard refuses || (self.message == nil && self.retryAfter == nil) else {
        throw FaultTextError(message: "message and retry-after go with error or status")
      }
      return Fault(latencyMilliseconds: self.latency ?? 0, outcome: self.outcome(refuses: refuses))
    }

    private func outcome(refuses: Bool) -> Outcome? {
      if refuses { return .refuse(self.refusal, self.when ?? .before) }
      if let drop = self.drop { return .drop(drop) }
      if self.truncate != nil { return .truncate }
      if let body = self.body { return .body(body, self.when ?? .after) }
      return nil
    }

    private var refusal: AWSError {
      let status = self.status ?? KnownErrors.status(named: self.error ?? "")
      let name = self.error ?? KnownErrors.name(status: status)
      var refusal = AWSError(status, name, self.message ?? "\(name) on demand.")
      refusal.retryAfterMilliseconds = self.retryAfter
      return refusal
    }

    private static func number(
      _ name: String, _ value: String, _ limit: Int64
    ) throws(FaultTextError) -> Int64 {
      guard let number = RequestTarget.integer(value), 0...limit ~= number else {
        throw FaultTextError(message: "\(name) is a number of milliseconds from 0 to \(limit)")
      }
      return number
    }

    private static func status(_ value: String) throws(FaultTextError) -> Int {
      guard let number = RequestTarget.integer(value), 400...599 ~= number else {
        throw FaultTextError(message: "status is a number from 400 to 599")
      }
      return Int(number)
    }

    private static func name(_ value: String) throws(FaultTextError) -> String {
      let isWord = value.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      }
      guard !value.isEmpty, isWord else {
        throw FaultTextError(message: "error is a name of letters and digits")
      }
      return value
    }

    private static func word<Word: RawRepresentable<String>>(
      _ name: String, _ value: String, _ allowed: [Word]
    ) throws(FaultTextError) -> Word {
      guard let word = allowed.first(where: { $0.rawValue == value }) else {
        let words = allowed.map(\.rawValue).joined(separator: ", ")
        throw FaultTextError(message: "\(name) is one of: \(words)")
      }
      return word
    }
  }
}

/// The names and statuses that go together in AWS's models, for those who give only one of the two.
private enum KnownErrors {
  static func status(named name: String) -> Int {
    switch name {
    case "InvalidRequestException", "CertificateValidationException", "ValidationException": 400
    case "AccessDeniedException", "ForbiddenException", "InvalidSignatureException",
      "ExpiredTokenException", "UnrecognizedClientException",
      "MissingAuthenticationTokenException", "IncompleteSignatureException":
      403
    case "ResourceNotFoundException", "UnknownOperationException": 404
    case "InvalidStateTransitionException", "VersionConflictException",
      "VersionMismatchException", "ConflictException":
      409
    case "TerminalStateException", "LimitExceededException": 410
    case "ThrottlingException", "TooManyRequestsException": 429
    case "ServiceUnavailableException", "ServiceUnavailable": 503
    default: 500
    }
  }

  static func name(status: Int) -> String {
    switch status {
    case 403: "AccessDeniedException"
    case 404: "ResourceNotFoundException"
    case 409: "InvalidStateTransitionException"
    case 410: "TerminalStateException"
    case 413: "RequestEntityTooLargeException"
    case 429: "ThrottlingException"
    case 503: "ServiceUnavailableException"
    case 500...599: "InternalFailure"
    default: "InvalidRequestException"
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    var text = self
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
