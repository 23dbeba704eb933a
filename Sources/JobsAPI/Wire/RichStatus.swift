// SPDX-License-Identifier: Apache-2.0

/// A failed call's outcome with its details, as `google.rpc.Status` carries it in the trailer
/// `grpc-status-details-bin`. What goes into it is decided elsewhere; here it is only written.
/// Source: gRFC A66 and google/rpc/error_details.proto.
package struct RichStatus: Equatable, Sendable {
  /// `google.rpc.ErrorInfo`.
  package struct ErrorInfo: Equatable, Sendable {
    /// UPPER_SNAKE_CASE, at most 63 characters.
    package var reason: String
    package var domain: String
    /// Pairs in the order in which they are written. Never a secret.
    package var metadata: [(name: String, value: String)]

    package init(
      reason: String, domain: String, metadata: [(name: String, value: String)] = []
    ) {
      self.reason = reason
      self.domain = domain
      self.metadata = metadata
    }

    package static func == (left: ErrorInfo, right: ErrorInfo) -> Bool {
      left.reason == right.reason && left.domain == right.domain
        && left.metadata.elementsEqual(right.metadata, by: ==)
    }
  }

  /// `google.rpc.PreconditionFailure`, of one violation.
  package struct Precondition: Equatable, Sendable {
    /// The reason of ``ErrorInfo``.
    package var type: String
    /// What is not as it must be.
    package var subject: String
    /// How it is instead.
    package var description: String

    package init(type: String, subject: String, description: String) {
      self.type = type
      self.subject = subject
      self.description = description
    }
  }

  /// The gRPC status code.
  package var code: Int32
  package var message: String
  package var errorInfo: ErrorInfo?
  /// `google.rpc.RetryInfo`: the wait before the next call.
  package var retryDelayMilliseconds: Int64?
  /// `google.rpc.BadRequest`; none if empty.
  package var violations: [FieldViolation] = []
  /// `google.rpc.PreconditionFailure`: what must change first.
  package var precondition: Precondition?
  /// `google.rpc.RequestInfo`: AWS's id of the request.
  package var requestID: String?
  /// `google.rpc.QuotaFailure`: who the limit is on. The message describes it.
  package var quotaSubject: String?
  /// The present state of the execution, as a message of this project's.
  package var executionState: JobExecutionState?

  package init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// Gives up what does not fit, and returns the encoded status, in `limit` bytes or fewer.
  ///
  /// Many HTTP/2 stacks take 8 KiB of trailers in all, where this is written in base64 (four bytes
  /// for three) beside `grpc-message`; hence the default. It is given up in this order: the status details of the execution, long messages, all violations but the first
  /// eight, metadata, and then all but code, reason and domain.
  package mutating func fit(limit: Int = 4096) -> [UInt8] {
    var bytes = self.encoded()
    for reduction in Self.reductions where bytes.count > limit {
      reduction(&self)
      bytes = self.encoded()
    }
    return bytes
  }

  /// The encoded status, as ``fit(limit:)`` makes it.
  package func wireBytes(limit: Int = 4096) -> [UInt8] {
    var status = self
    return status.fit(limit: limit)
  }

  private static let reductions: [@Sendable (inout RichStatus) -> Void] = [
    { $0.executionState?.statusDetails = nil },
    { status in
      status.message = status.message.prefix(utf8Count: 512)
      status.violations = status.violations.map { violation in
        FieldViolation(
          field: violation.field.prefix(utf8Count: 128), rule: violation.rule.prefix(utf8Count: 128)
        )
      }
      status.precondition = status.precondition.map { precondition in
        Precondition(
          type: precondition.type, subject: precondition.subject.prefix(utf8Count: 256),
          description: precondition.description.prefix(utf8Count: 128))
      }
      status.requestID = status.requestID?.prefix(utf8Count: 128)
      status.quotaSubject = status.quotaSubject?.prefix(utf8Count: 160)
    },
    { $0.violations = Array($0.violations.prefix(8)) },
    { $0.errorInfo?.metadata = [] },
    { status in
      let info = status.errorInfo.map { info in
        ErrorInfo(
          reason: info.reason.prefix(utf8Count: 63), domain: info.domain.prefix(utf8Count: 63))
      }
      status = RichStatus(code: status.code, message: "")
      status.errorInfo = info
    },
  ]
}

extension String {
  /// The longest start of this text that has at most `utf8Count` bytes of UTF-8.
  func prefix(utf8Count: Int) -> String {
    guard self.utf8.count > utf8Count else { return self }
    var end = self.utf8.index(self.utf8.startIndex, offsetBy: utf8Count)
    // A character's later bytes begin with the bits 10.
    while self.utf8[end] & 0xC0 == 0x80 { end = self.utf8.index(before: end) }
    return String(self[..<end])
  }
}
