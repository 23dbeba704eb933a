// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

/// What AWS's own client puts on the wire (Tests/Vectors/serialize.json).
struct RESTRequestTests {
  /// A call of any kind, for the checks that all four have in common.
  private struct AnyCall {
    var request: RESTRequest
    var violations: [FieldViolation]

    init(_ call: DescribeJobExecution) {
      self.request = call.restRequest
      self.violations = call.violations()
    }
    init(_ call: GetPendingJobExecutions) {
      self.request = call.restRequest
      self.violations = call.violations()
    }
    init(_ call: StartNextPendingJobExecution) {
      self.request = call.restRequest
      self.violations = call.violations()
    }
    init(_ call: UpdateJobExecution) {
      self.request = call.restRequest
      self.violations = call.violations()
    }
  }

  private static func details(_ tree: JSONTree?) -> StatusDetails? {
    (tree?.object).map { object in
      StatusDetails(object.compactMap { name, value in value.string.map { (name, $0) } })
    }
  }

  /// A required member that a case leaves out is empty here, as a protobuf message has it.
  private static func call(_ operation: String, _ input: JSONTree) -> AnyCall? {
    let thing = input["thingName"]?.string ?? ""
    let job = input["jobId"]?.string ?? ""
    switch operation {
    case "DescribeJobExecution":
      var call = DescribeJobExecution(thingName: thing, jobID: job)
      call.executionNumber = input["executionNumber"]?.integer
      call.includeJobDocument = input["includeJobDocument"]?.bool
      return AnyCall(call)
    case "GetPendingJobExecutions":
      return AnyCall(GetPendingJobExecutions(thingName: thing))
    case "StartNextPendingJobExecution":
      var call = StartNextPendingJobExecution(thingName: thing)
      call.statusDetails = self.details(input["statusDetails"])
      call.stepTimeoutMinutes = input["stepTimeoutInMinutes"]?.integer
      return AnyCall(call)
    case "UpdateJobExecution":
      let status = JobExecutionStatus(awsWord: input["status"]?.string ?? "")
      var call = UpdateJobExecution(thingName: thing, jobID: job, status: status)
      call.statusDetails = self.details(input["statusDetails"])
      call.stepTimeoutMinutes = input["stepTimeoutInMinutes"]?.integer
      call.expectedVersion = input["expectedVersion"]?.integer
      call.includeJobExecutionState = input["includeJobExecutionState"]?.bool
      call.includeJobDocument = input["includeJobDocument"]?.bool
      call.executionNumber = input["executionNumber"]?.integer
      return AnyCall(call)
    default:
      return nil
    }
  }

  @Test func `every case goes out as AWS's client sends it`() throws {
    var compared = 0
    for test in try vectorCases("serialize.json") {
      let id = Comment(rawValue: test["id"]?.string ?? "")
      let expected = try #require(test["expected"])
      guard let path = expected["path"]?.string,
        let call = Self.call(test["operation"]?.string ?? "", test["input"] ?? .null)
      else { continue }
      #expect(call.request.method.rawValue == expected["method"]?.string, id)
      let target = call.request.target.split(separator: "?", omittingEmptySubsequences: false)
      #expect(target.first.map(String.init) == path, id)
      let query = Set(target.dropFirst().joined().split(separator: "&").map(String.init))
      let parameters = expected["query"]?.string?.split(separator: "&").map(String.init) ?? []
      #expect(query == Set(parameters), id)
      #expect(try call.request.body.map(JSONTree.parse) == expected["bodyJSON"], id)
      compared += 1
    }
    #expect(compared == 69)
  }

  @Test func `every case that breaks the model is refused, and no other`() throws {
    var illegal = 0
    var legal = 0
    for test in try vectorCases("serialize.json") {
      let id = Comment(rawValue: test["id"]?.string ?? "")
      let rules = (test["modelViolations"]?.array ?? []).compactMap { $0["rule"]?.string }
      // Wrong types and unknown members cannot be said in our types.
      guard !rules.contains("type"), !rules.contains("unknown"),
        let call = Self.call(test["operation"]?.string ?? "", test["input"] ?? .null)
      else { continue }
      #expect(call.violations.isEmpty == rules.isEmpty, id)
      if rules.isEmpty { legal += 1 } else { illegal += 1 }
    }
    #expect(legal == 60)
    #expect(illegal == 20)
  }

  @Test func `a target joins path and query`() {
    var call = DescribeJobExecution(thingName: "a:b", jobID: "$next")
    #expect(call.restRequest.target == "/things/a%3Ab/jobs/%24next")
    call.includeJobDocument = false
    call.executionNumber = -3
    #expect(
      call.restRequest.target
        == "/things/a%3Ab/jobs/%24next?includeJobDocument=false&executionNumber=-3")
    let next = StartNextPendingJobExecution(thingName: "é/%")
    #expect(next.restRequest.target == "/things/%C3%A9%2F%25/jobs/$next")
  }

  @Test func `a server reads what a client wrote`() throws {
    var start = StartNextPendingJobExecution(thingName: "t")
    #expect(try self.reread(start) == start)
    start.statusDetails = StatusDetails([("z", "é\u{0}\n"), ("a", "\"")])
    start.stepTimeoutMinutes = .max
    #expect(try self.reread(start) == start)

    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .unrecognized("DONE"))
    #expect(try self.reread(update) == update)
    update.statusDetails = .empty
    update.stepTimeoutMinutes = -1
    update.expectedVersion = 0
    update.includeJobExecutionState = true
    update.includeJobDocument = false
    update.executionNumber = .min
    #expect(try self.reread(update) == update)
  }

  private func reread(
    _ call: StartNextPendingJobExecution
  ) throws -> StartNextPendingJobExecution {
    let body = try #require(call.restRequest.body)
    return try StartNextPendingJobExecution(thingName: call.thingName, restBody: body.span)
  }

  private func reread(_ call: UpdateJobExecution) throws -> UpdateJobExecution {
    let body = try #require(call.restRequest.body)
    return try UpdateJobExecution(
      thingName: call.thingName, jobID: call.jobID, restBody: body.span)
  }

  @Test(arguments: [
    ("", "Value null at 'status'"), ("{}", "Value null at 'status'"),
    (#"{"status":null}"#, "Value null at 'status'"), ("[]", "not a JSON object"),
    ("{", "not a JSON object"), (#"{"status":5}"#, "'status' is not a string"),
    (#"{"status":"FAILED","statusDetails":{"k":5}}"#, "'statusDetails' is not a string"),
    (#"{"status":"FAILED","statusDetails":[]}"#, "'statusDetails' is not an object"),
    (#"{"status":"FAILED","expectedVersion":"1"}"#, "'expectedVersion' is not an integer"),
    (
      #"{"status":"FAILED","includeJobDocument":1}"#, "'includeJobDocument' is not a boolean"
    ),
  ])
  func `a server tells what is wrong with a body`(body: String, words: String) {
    let error = #expect(throws: RESTBodyError.self) {
      try UpdateJobExecution(thingName: "t", jobID: "j", restBody: Array(body.utf8).span)
    }
    #expect(error?.message.contains(words) == true)
  }

  @Test func `a start without a body asks for nothing`() throws {
    let call = try StartNextPendingJobExecution(thingName: "t", restBody: [UInt8]().span)
    #expect(call == StartNextPendingJobExecution(thingName: "t"))
  }
}
