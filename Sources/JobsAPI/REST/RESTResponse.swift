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
    try RESTReply(head).read(body) { json throws(JSONShapeError) in
      try json.object("execution").map { json throws(JSONShapeError) in
        try JobExecution(json: json)
      }
    }
  }
}

extension GetPendingJobExecutions {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> PendingJobExecutions {
    try RESTReply(head).read(body) { json throws(JSONShapeError) in
      try PendingJobExecutions(json: json)
    }
  }
}

extension StartNextPendingJobExecution {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> JobExecution? {
    try RESTReply(head).read(body) { json throws(JSONShapeError) in
      try json.object("execution").map { json throws(JSONShapeError) in
        try JobExecution(json: json)
      }
    }
  }
}

extension UpdateJobExecution {
  package func readReply(
    _ head: RESTResponseHead, body: Span<UInt8>
  ) throws(JobsFailure) -> UpdatedJobExecution {
    let reply = RESTReply(head, expectedVersion: self.expectedVersion)
    // An update that asks for nothing has nothing to answer.
    if body.isEmpty, reply.isSuccess { return UpdatedJobExecution() }
    return try reply.read(body) { json throws(JSONShapeError) in
      try UpdatedJobExecution(json: json)
    }
  }
}

/// One response while it is read.
private struct RESTReply {
  private let head: RESTResponseHead
  private let expectedVersion: Int64?

  init(_ head: RESTResponseHead, expectedVersion: Int64? = nil) {
    self.head = head
    self.expectedVersion = expectedVersion
  }

  /// AWS's model gives 200 alone; its own clients take all of 2xx.
  var isSuccess: Bool { 200..<300 ~= self.head.status && self.head.errorType == nil }

  func read<Value>(
    _ body: Span<UInt8>, _ read: (JSONValue) throws(JSONShapeError) -> Value
  ) throws(JobsFailure) -> Value {
    guard self.isSuccess else { throw self.refused(body) }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: body)
    } catch {
      throw self.malformed(error.text)
    }
    guard json.isObject else {
      throw self.malformed(JSONShapeError(member: "", expected: .object).text)
    }
    if json.holdsError { throw self.refused(body) }
    do {
      return try read(json)
    } catch {
      throw self.malformed(error.text)
    }
  }

  private func refused(_ body: Span<UInt8>) -> JobsFailure {
    let refusal = AWSRefusal(self.head, body: body, expectedVersion: self.expectedVersion)
    return JobsFailure(.refused(refusal), trace: self.trace)
  }

  private func malformed(_ text: String) -> JobsFailure {
    JobsFailure(.malformedResponse(text), trace: self.trace)
  }

  private var trace: UpstreamTrace {
    // It goes out again in a trailer, so only what fits there is kept.
    let id = self.head.requestID.flatMap { id in
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
