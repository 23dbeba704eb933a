// SPDX-License-Identifier: Apache-2.0

/// What is read of a response's head. Values are as they came.
package struct RESTResponseHead: Equatable, Sendable {
  package var status: Int
  /// `x-amzn-ErrorType`.
  package var errorType: String?
  /// `x-amzn-RequestId`.
  package var requestID: String?
  /// `x-amz-retry-after`: milliseconds.
  package var retryAfterMilliseconds: String?
  /// `Date`: what the clock over there says.
  package var date: String?
  /// `Retry-After`: seconds, or a date, which is not read.
  package var retryAfter: String?

  package init(status: Int) {
    self.status = status
  }
}

/// The answers to the four calls. What is thrown is one of two causes, with AWS's request id in its
/// trace: ``JobsFailure/Cause/refused(_:)`` for every error of AWS's, whatever status it came
/// under, redirects included; ``JobsFailure/Cause/malformedResponse(_:)`` for a success that cannot
/// be read, which is never taken for an answer: a broken body would else say "nothing pending".
extension DescribeJobExecution {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> JobExecution? {
    try head.read(body) { json throws(JSONError) in try JobExecution.answer(&json, body) }
  }
}

extension GetPendingJobExecutions {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> PendingJobExecutions {
    try head.read(body) { json throws(JSONError) in try PendingJobExecutions(&json, body) }
  }
}

extension StartNextPendingJobExecution {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> JobExecution? {
    try head.read(body) { json throws(JSONError) in try JobExecution.answer(&json, body) }
  }
}

extension UpdateJobExecution {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> UpdatedJobExecution {
    // An update that asks for nothing has nothing to answer.
    if body.isEmpty, head.isSuccess { return UpdatedJobExecution() }
    return try head.read(body, expectedVersion: self.expectedVersion) { json throws(JSONError) in
      try UpdatedJobExecution(&json, body)
    }
  }
}

extension RESTResponseHead {
  /// AWS's model gives 200 alone; its own clients take all of 2xx.
  fileprivate var isSuccess: Bool { 200..<300 ~= self.status && self.errorType == nil }

  /// Reads a success.
  ///
  /// - Parameter readMembers: reads those of the object that the body is.
  fileprivate func read<Value>(
    _ body: Span<UInt8>, expectedVersion: Int64? = nil,
    _ readMembers: (inout ReplyReader) throws(JSONError) -> Value
  ) throws(JobsFailure) -> Value {
    guard self.isSuccess else { throw self.refused(body, expectedVersion) }
    var json = ReplyReader()
    let value: Value?
    do {
      value = try json.answer(body, readMembers)
    } catch {
      throw self.malformed(error.text)
    }
    if json.holdsError { throw self.refused(body, expectedVersion) }
    if let fault = json.fault { throw self.malformed(fault.text) }
    guard let value else { throw self.malformed(JSONShapeError.notAnObject.text) }
    return value
  }

  private func refused(_ body: Span<UInt8>, _ expectedVersion: Int64?) -> JobsFailure {
    let refusal = AWSRefusal(self, body: body, expectedVersion: expectedVersion)
    return JobsFailure(.refused(refusal), trace: self.trace)
  }

  private func malformed(_ text: String) -> JobsFailure {
    JobsFailure(.malformedResponse(text), trace: self.trace)
  }

  private var trace: UpstreamTrace {
    // It goes out again in a trailer, so only what fits there is kept.
    let id = self.requestID.flatMap { id in
      id.utf8.count <= 128 && id.utf8.allSatisfy { 0x21...0x7E ~= $0 } ? id : nil
    }
    return UpstreamTrace(awsRequestID: id)
  }
}

extension JSONError {
  /// For an error text: it holds nothing of the peer's.
  fileprivate var text: String {
    switch self {
    case .malformed(let offset): "not JSON at byte \(offset)"
    case .numberOutOfRange(let offset): "a number out of range at byte \(offset)"
    case .tooDeep: "JSON nested too deep"
    }
  }
}
