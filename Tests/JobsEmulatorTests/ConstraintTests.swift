// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct ConstraintTests {
  @Test func `a broken constraint is told in AWS's words`() {
    var service = Service()
    let refusal = expectRefusal("InvalidRequestException", 400, of: &service) {
      _ = try $0.pending("bad name")
    }
    #expect(refusal?.kind == .invalidRequest)
    #expect(
      refusal?.message
        == "1 validation error detected: Value 'bad name' at 'thingName' failed to satisfy "
        + "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+")
  }

  @Test func `a refusal repeats little of a long argument`() throws {
    var service = Service()
    let long = "a" + String(repeating: "\u{301}", count: 5000)
    for call in [
      { (service: inout Service) in _ = try service.pending(long) },
      { (service: inout Service) in try service.create(long) },
      { (service: inout Service) in
        try service.update("j", .inProgress) { $0.statusDetails = StatusDetails([(long, "")]) }
      },
    ] {
      let refusal = expectRefusal("InvalidRequestException", 400, of: &service, call)
      #expect(refusal.map { $0.message.utf8.count < 2048 } == true)
    }
  }

  @Test(arguments: ["", "a/b", "a.b", "é", "a%20b", String(repeating: "t", count: 129)])
  func `a bad thing name is refused by every call`(name: String) {
    var service = Service()
    expectRefusal("InvalidRequestException", 400, of: &service) { _ = try $0.pending(name) }
    expectRefusal("InvalidRequestException", 400, of: &service) { try $0.startNext(name) }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      _ = try $0.describe("j", on: name)
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("j", .inProgress, on: name)
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      _ = try $0.managed("j", on: name)
    }
    expectRefusal("InvalidRequestException", 400, of: &service) { try $0.cancel("j", on: name) }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.create("j", on: [name])
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.state.apply(name: name)
    }
  }

  @Test(arguments: ["", "a:b", "$nextfoo", "é", String(repeating: "j", count: 65)])
  func `a bad job id is refused by every call`(jobID: String) {
    var service = Service()
    expectRefusal("InvalidRequestException", 400, of: &service) { _ = try $0.describe(jobID) }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update(jobID, .inProgress)
    }
    expectRefusal("InvalidRequestException", 400, of: &service) { try $0.create(jobID) }
    expectRefusal("InvalidRequestException", 400, of: &service) { _ = try $0.job(jobID) }
    expectRefusal("InvalidRequestException", 400, of: &service) { try $0.cancel(jobID) }
  }

  @Test func `next is no job id but for Describe`() {
    var service = Service()
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("$next", .inProgress)
    }
    expectRefusal("InvalidRequestException", 400, of: &service) { try $0.create("$next") }
  }

  @Test(
    arguments: [
      ("", "v"), ("bad key", "v"), ("k", ""), ("k", "a\nb"), ("k", "\u{200D}"),
      ("k", String(repeating: "v", count: 1025)), (String(repeating: "k", count: 129), "v"),
    ])
  func `bad status details are refused`(name: String, value: String) throws {
    var service = Service()
    try service.create("j")
    let details = StatusDetails([(name, value)])
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("j", .inProgress) { $0.statusDetails = details }
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.startNext { $0.statusDetails = details }
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      var call = CancelJobExecution(thingName: "t", jobID: "j")
      call.statusDetails = details
      try $0.state.cancelExecution(call, now: $0.now)
    }
  }

  @Test func `more status details than the limit are refused`() throws {
    var limits = EmulatorLimits()
    limits.statusDetailsPairs = 2
    var service = Service(limits: limits)
    try service.create("j")
    try service.update("j", .inProgress) {
      $0.statusDetails = StatusDetails([("a", "1"), ("b", "2")])
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.update("j", .inProgress) {
        $0.statusDetails = StatusDetails([("a", "1"), ("b", "2"), ("c", "3")])
      }
    }
  }

  @Test(arguments: CreateJobCase.all)
  func `a job that cannot be as it is asked for is not created`(broken: CreateJobCase) throws {
    var service = Service()
    let refusal = expectRefusal("InvalidRequestException", 400, of: &service) {
      try $0.create("j", broken.edit)
    }
    #expect(refusal?.message.contains(broken.mentions) == true, "\(refusal?.message ?? "")")
  }

  @Test func `what changes nothing is ignored`() throws {
    var service = Service()
    try service.create("j") { $0.otherMembers = ["tags", "notOfAWS"] }
    #expect(try service.job("j").status == .inProgress)
  }

  @Test func `a document need not be JSON if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.documentMustBeJSON = false
    var service = Service(rules: rules)
    try service.create("j") { $0.document = "run" }
    #expect(try service.describe("j")?.jobDocument == "run")
  }

  @Test func `a document with integers beyond 64 bits is JSON all the same`() throws {
    var service = Service()
    let document = "{\"n\":123456789012345678901234567890}"
    try service.create("j") { $0.document = document }
    #expect(try service.describe("j")?.jobDocument == document)
  }
}

extension JobsState {
  /// Seeds one thing, with the refusal as the service would give it.
  fileprivate mutating func apply(name: String) throws {
    try self.addThing(name)
  }
}

/// A way to ask for a job that is refused, and a word that the refusal must hold.
struct CreateJobCase: Sendable, CustomTestStringConvertible {
  var mentions: String
  var edit: @Sendable (inout CreateJob) -> Void

  var testDescription: String { self.mentions }

  init(_ mentions: String, _ edit: @escaping @Sendable (inout CreateJob) -> Void) {
    self.mentions = mentions
    self.edit = edit
  }

  static let all: [CreateJobCase] = [
    CreateJobCase("targets") { $0.targets = [] },
    CreateJobCase("thinggroup/g") {
      $0.targets.append("arn:aws:iot:us-east-1:123456789012:thinggroup/g")
    },
    CreateJobCase("just-a-name") { $0.targets = ["just-a-name"] },
    CreateJobCase("documentSource is required") { $0.document = nil },
    CreateJobCase("not valid JSON") { $0.document = "run" },
    CreateJobCase("not valid JSON") { $0.document = "" },
    CreateJobCase("'document'") { $0.document = String(repeating: " ", count: 32_769) },
    CreateJobCase("description") { $0.description = String(repeating: "d", count: 2029) },
    CreateJobCase("description") { $0.description = "a\u{7}b" },
    CreateJobCase("targetSelection") { $0.targetSelection = .unrecognized("ALL") },
    CreateJobCase("inProgressTimeoutInMinutes") { $0.inProgressTimeoutMinutes = 0 },
    CreateJobCase("inProgressTimeoutInMinutes") { $0.inProgressTimeoutMinutes = 10081 },
    CreateJobCase("criteriaList") { $0.retryCriteria = [] },
    CreateJobCase("numberOfRetries") {
      $0.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 11)]
    },
    CreateJobCase("failureType") {
      $0.retryCriteria = [RetryCriterion(failureType: .unrecognized("X"), numberOfRetries: 1)]
    },
    CreateJobCase("failure type twice") {
      $0.retryCriteria = [
        RetryCriterion(failureType: .all, numberOfRetries: 1),
        RetryCriterion(failureType: .failed, numberOfRetries: 1),
      ]
    },
    CreateJobCase("abortConfig, schedulingConfig") {
      $0.otherMembers = ["schedulingConfig", "tags", "abortConfig"]
    },
    CreateJobCase("documentSource") { $0.otherMembers = ["documentSource"] },
    CreateJobCase("jobExecutionsRolloutConfig") {
      $0.otherMembers = ["jobExecutionsRolloutConfig"]
    },
  ]
}
