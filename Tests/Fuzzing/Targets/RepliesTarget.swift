// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// The first byte chooses the call, the second the status, the third the header fields that come
/// with it; then a line with their text, then the body.
enum RepliesTarget {
  private static let statuses = [
    200, 201, 204, 302, 400, 403, 404, 409, 429, 500, 502, 503, 504, 0, 999, -1,
  ]

  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let call = input.byte()
    let head = Self.head(&input)
    let body = Array(input.rest)
    switch call % 4 {
    case 0: try Self.checkDescribe(head, body)
    case 1: try Self.checkPending(head, body)
    case 2: try Self.checkStartNext(head, body)
    default: try Self.checkUpdate(head, body)
    }
  }

  private static func head(_ input: inout InputReader) -> RESTResponseHead {
    var head = RESTResponseHead(status: Self.statuses[Int(input.byte()) % Self.statuses.count])
    let fields = input.byte()
    let text = String(decoding: input.line(), as: UTF8.self)
    if fields & 1 != 0 { head.errorType = text }
    if fields & 2 != 0 { head.requestID = text }
    if fields & 4 != 0 { head.retryAfterMilliseconds = text }
    if fields & 8 != 0 { head.retryAfter = text }
    return head
  }

  private static func checkDescribe(
    _ head: RESTResponseHead, _ body: [UInt8]
  ) throws(BrokenClaim) {
    let call = DescribeJobExecution(thingName: "thing", jobID: "job")
    guard
      let execution = try Self.answer({ () throws(JobsFailure) in
        try call.readReply(head, body: body.span)
      })
    else { return }
    try Self.checkExecution(execution)
    let again = try Self.answer { () throws(JobsFailure) in
      try call.readReply(.init(status: 200), body: JobExecution.answerBody(execution).span)
    }
    try claim(again == .some(execution), "an execution reads back")
  }

  private static func checkStartNext(
    _ head: RESTResponseHead, _ body: [UInt8]
  ) throws(BrokenClaim) {
    let call = StartNextPendingJobExecution(thingName: "thing")
    guard
      let execution = try Self.answer({ () throws(JobsFailure) in
        try call.readReply(head, body: body.span)
      })
    else { return }
    try Self.checkExecution(execution)
  }

  private static func checkExecution(_ execution: JobExecution?) throws(BrokenClaim) {
    var output: [UInt8] = [1, 2, 3]
    let count = WireResponse.appendDescribe(execution, to: &output)
    try claim(output.count == 3 + count, "an encoder says how much it appended")
    try claim(
      WireResponse.describeBytes(execution) == count, "the size told is the size encoded")
  }

  private static func checkPending(_ head: RESTResponseHead, _ body: [UInt8]) throws(BrokenClaim) {
    let call = GetPendingJobExecutions(thingName: "thing")
    guard
      let pending = try Self.answer({ () throws(JobsFailure) in
        try call.readReply(head, body: body.span)
      })
    else { return }
    let again = try Self.answer { () throws(JobsFailure) in
      try call.readReply(.init(status: 200), body: pending.answerBody.span)
    }
    try claim(again == pending, "pending executions read back")
    var output: [UInt8] = []
    let count = WireResponse.appendGetPending(pending, to: &output)
    try claim(output.count == count, "an encoder says how much it appended")
  }

  private static func checkUpdate(_ head: RESTResponseHead, _ body: [UInt8]) throws(BrokenClaim) {
    var call = UpdateJobExecution(thingName: "thing", jobID: "job", status: .succeeded)
    call.expectedVersion = 3
    guard
      let updated = try Self.answer({ () throws(JobsFailure) in
        try call.readReply(head, body: body.span)
      })
    else { return }
    let again = try Self.answer { () throws(JobsFailure) in
      try call.readReply(.init(status: 200), body: updated.answerBody.span)
    }
    try claim(again == updated, "an update's answer reads back")
    var output: [UInt8] = []
    let count = WireResponse.appendUpdate(updated, to: &output)
    try claim(output.count == count, "an encoder says how much it appended")
  }

  /// The answer, or nil for a failure that is fit to be passed on.
  private static func answer<Answer>(
    _ read: () throws(JobsFailure) -> Answer
  ) throws(BrokenClaim) -> Answer? {
    let failure: JobsFailure
    do {
      return try read()
    } catch let error {
      failure = error
    }
    if let id = failure.trace.awsRequestID {
      try claim(id.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "a request id fits into a trailer")
    }
    switch failure.cause {
    case .refused(let refusal): try Self.check(refusal)
    case .malformedResponse(let text):
      try claim(text.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "a fault's text holds no peer's bytes")
    default: throw BrokenClaim(words: "a reply fails in one of two ways")
    }
    return nil
  }

  private static func check(_ refusal: AWSRefusal) throws(BrokenClaim) {
    let isOneLine = !refusal.words.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    try claim(isOneLine, "AWS's words have no control characters")
    try claim(refusal.message.utf8.count <= 1_024, "AWS's words are capped")
    try claim(!refusal.name.isEmpty, "a refusal has a name")
    try claim(!refusal.message.contains("Authorization="), "AWS's words hold no signature")
    if let delay = refusal.retryAfterMilliseconds {
      try claim(0...86_400_000 ~= delay, "a wait is bounded")
    }
    var status = RichStatus(code: 9, message: refusal.words)
    status.executionState = refusal.executionState
    status.retryDelayMilliseconds = refusal.retryAfterMilliseconds
    try claim(status.wireBytes(limit: 512).count <= 512, "a status keeps within its limit")
  }
}
