// SPDX-License-Identifier: Apache-2.0

/// Whoever can sign a call for somebody else to make.
package protocol CallPresigner: Sendable {
  /// Fails with `invalid`, `endpointUnknown`, `credentialsUnavailable` or `unreachable`, and sends
  /// nothing.
  func presign(_ request: PresignRequest) async throws(JobsFailure) -> PresignedRequest
}

/// Asks for a request of one call, signed in its URL.
package struct PresignRequest: Equatable, Sendable {
  /// AWS's range for the life of a URL, in seconds.
  package static let expiryRange: ClosedRange<Int64> = 1...604_800
  /// The life that AWS's own client gives a URL, in seconds.
  package static let defaultExpirySeconds: Int64 = 3_600
  /// Letters of a verb: more than any has that HTTP knows.
  static let methodLimit = 16

  package var call: JobsCall
  /// Absent: ``defaultExpirySeconds``.
  package var expiresInSeconds: Int64?
  /// The verb that is signed. Absent: the operation's own.
  package var httpMethod: String?

  package init(_ call: JobsCall, expiresInSeconds: Int64? = nil, httpMethod: String? = nil) {
    self.call = call
    self.expiresInSeconds = expiresInSeconds
    self.httpMethod = httpMethod
  }

  /// The verb that is signed.
  package var signedMethod: String { self.httpMethod ?? self.call.restRequest.method.rawValue }

  /// The operation that AWS takes the verb for, which it tells by path and verb: describe, start-next
  /// and update differ in little else. Whoever asks for such a URL needs the right to this one too.
  /// Nil if there is no other than the call's own.
  package var otherOperation: JobsOperation? {
    let operation: JobsOperation? =
      switch (self.signedMethod, self.call) {
      case (_, .getPending): nil
      case (RESTRequest.Method.get.rawValue, _): .describe
      case (RESTRequest.Method.put.rawValue, _): .startNext
      case (RESTRequest.Method.post.rawValue, _): .update
      default: nil
      }
    return operation == self.call.operation ? nil : operation
  }

  /// What is wrong with it apart from its call, in the words of the .proto.
  package func violations() -> [FieldViolation] {
    var violations: [FieldViolation] = []
    if let seconds = self.expiresInSeconds, !Self.expiryRange.contains(seconds) {
      let (least, most) = (Self.expiryRange.lowerBound, Self.expiryRange.upperBound)
      violations.append(
        FieldViolation(field: "expires_in", rule: "must be \(least) to \(most) seconds"))
    }
    if let method = self.httpMethod, !Self.isMethod(method) {
      violations.append(
        FieldViolation(
          field: "http_method", rule: "must be 1 to \(Self.methodLimit) capital letters"))
    }
    return violations
  }

  private static func isMethod(_ text: String) -> Bool {
    1...Self.methodLimit ~= text.utf8.count
      && text.utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
  }
}

/// A request that carries its own signature. Whoever holds it may send it until it expires, so it
/// prints redacted and is logged nowhere.
package struct PresignedRequest: Equatable, Sendable {
  package var url: String
  package var method: String
  /// What must be sent besides, or the signature does not hold.
  package var headers: [(name: String, value: String)]
  /// The exact bytes that must be sent, JSON; nil for none.
  package var body: [UInt8]?
  /// When it ends, in seconds since 1970-01-01 UTC, as AWS's clock has it.
  package var expiresAtSeconds: Int64
  /// How long it lives.
  package var expiresInSeconds: Int64
  /// It lives shorter than was asked for, because the credential does.
  package var isCutShort: Bool

  package init(
    url: String, method: String, headers: [(name: String, value: String)], body: [UInt8]?,
    expiresAtSeconds: Int64, expiresInSeconds: Int64, isCutShort: Bool
  ) {
    self.url = url
    self.method = method
    self.headers = headers
    self.body = body
    self.expiresAtSeconds = expiresAtSeconds
    self.expiresInSeconds = expiresInSeconds
    self.isCutShort = isCutShort
  }

  package static func == (one: PresignedRequest, other: PresignedRequest) -> Bool {
    one.url == other.url && one.method == other.method && one.body == other.body
      && one.headers.elementsEqual(other.headers, by: ==)
      && one.expiresAtSeconds == other.expiresAtSeconds
      && one.expiresInSeconds == other.expiresInSeconds && one.isCutShort == other.isCutShort
  }
}

extension PresignedRequest: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package var description: String { "PresignedRequest(<redacted>)" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension JobsCall {
  /// The request of AWS's form.
  package var restRequest: RESTRequest {
    switch self {
    case .describe(let call): call.restRequest
    case .getPending(let call): call.restRequest
    case .startNext(let call): call.restRequest
    case .update(let call): call.restRequest
    }
  }
  /// What is wrong with it, in the words of the .proto.
  package func violations() -> [FieldViolation] {
    switch self {
    case .describe(let call): call.violations()
    case .getPending(let call): call.violations()
    case .startNext(let call): call.violations()
    case .update(let call): call.violations()
    }
  }
}
