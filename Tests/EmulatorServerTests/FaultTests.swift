// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import RESTServer
import Testing

@testable import EmulatorServer

struct FaultTests {
  private static func refusal(
    _ status: Int, _ name: String, _ message: String? = nil, retryAfter: Int64? = nil
  ) -> AWSError {
    var error = AWSError(status, name, message ?? "\(name) on demand.")
    error.retryAfterMilliseconds = retryAfter
    return error
  }

  @Test(arguments: [
    ("", Fault.none), (" ; ", .none), ("latency=0", .none),
    ("latency=250", Fault(latencyMilliseconds: 250)),
    (
      "error=ThrottlingException",
      Fault(outcome: .refuse(refusal(429, "ThrottlingException"), .before))
    ),
    ("error=Odd1", Fault(outcome: .refuse(refusal(500, "Odd1"), .before))),
    ("status=503", Fault(outcome: .refuse(refusal(503, "ServiceUnavailableException"), .before))),
    ("status=500;when=after", Fault(outcome: .refuse(refusal(500, "InternalFailure"), .after))),
    (
      " latency = 5 ; status = 409 ; error = VersionConflictException ; message = a b ",
      Fault(
        latencyMilliseconds: 5,
        outcome: .refuse(refusal(409, "VersionConflictException", "a b"), .before))
    ),
    (
      "status=429;retry-after=1500",
      Fault(outcome: .refuse(refusal(429, "ThrottlingException", retryAfter: 1500), .before))
    ),
    ("drop=before", Fault(outcome: .drop(.before))), ("drop=after", Fault(outcome: .drop(.after))),
    ("truncate=after", Fault(outcome: .truncate)),
    ("body=html", Fault(outcome: .body(.html, .after))),
    ("body=empty;when=before", Fault(outcome: .body(.empty, .before))),
  ])
  func `a fault is read, written and read again`(text: String, fault: Fault) throws {
    #expect(try Fault(text: text) == fault)
    #expect(try Fault(text: fault.text) == fault)
  }

  @Test(arguments: [
    "latency", "latency=", "latency=-1", "latency=+1", "latency=600001", "latency=1.5",
    "latency=1;latency=2", "error=", "error=a b", "error=A-B", "status=200", "status=600",
    "status=abc", "drop=never", "truncate=before", "body=xml", "when=before", "when=later",
    "drop=before;when=after", "drop=before;truncate=after", "status=500;drop=after",
    "body=html;error=X", "message=x", "retry-after=5", "Latency=5", "nonsense=1",
    String(repeating: ";", count: 1025),
  ])
  func `what is no fault is refused with a reason`(text: String) {
    let error = #expect(throws: FaultTextError.self) { try Fault(text: text) }
    #expect(error?.message.isEmpty == false)
  }

  // MARK: Decisions

  private func decisions(
    _ plan: FaultPlan, count: Int, operation: ServedOperation? = .dataPlane(.describe)
  ) -> [Fault] {
    var injector = FaultInjector(plan)
    return (0..<count).map { _ in injector.decide(operation: operation, nowNanoseconds: 0) }
  }

  @Test func `without a plan nothing goes wrong`() {
    #expect(self.decisions(.none, count: 1000).allSatisfy { $0 == .none })
  }

  @Test func `one seed fails the same requests, another others`() {
    var plan = FaultPlan()
    plan.errorRate = 0.3
    plan.dropAfterRate = 0.1
    plan.malformedRate = 0.1
    plan.latencyJitterMilliseconds = 100
    let first = self.decisions(plan, count: 200)
    #expect(first == self.decisions(plan, count: 200))
    plan.seed = 2
    #expect(first != self.decisions(plan, count: 200))
  }

  @Test func `rates are kept`() {
    var plan = FaultPlan()
    plan.errorRate = 0.25
    let refused = self.decisions(plan, count: 10_000).compactMap { fault -> AWSError? in
      guard case .refuse(let error, .before) = fault.outcome else { return nil }
      return error
    }
    #expect(2_300..<2_700 ~= refused.count)
    for error in FaultPlan.usualErrors {
      #expect(650..<1_050 ~= refused.count { $0 == error })
    }
    plan.errorRate = 1
    #expect(self.decisions(plan, count: 100).allSatisfy { $0.outcome != nil })
    plan.errors = []
    #expect(self.decisions(plan, count: 100).allSatisfy { $0.outcome == nil })
  }

  @Test func `raising one rate leaves the others' lots alone`() {
    var plan = FaultPlan()
    plan.truncateRate = 0.2
    let truncated = self.decisions(plan, count: 500).map { $0.outcome == .truncate }
    plan.malformedRate = 0.5
    plan.latencyJitterMilliseconds = 9
    #expect(self.decisions(plan, count: 500).map { $0.outcome == .truncate } == truncated)
  }

  @Test func `latency lies between its bounds`() {
    var plan = FaultPlan()
    plan.latencyMilliseconds = 10
    plan.latencyJitterMilliseconds = 3
    let latencies = Set(self.decisions(plan, count: 1000).map(\.latencyMilliseconds))
    #expect(latencies == [10, 11, 12, 13])
  }

  @Test func `a list is worked off, one fault a request, and then is empty`() throws {
    var plan = FaultPlan()
    plan.next = [Fault(outcome: .drop(.after)), .none, Fault(latencyMilliseconds: 7)]
    var injector = FaultInjector(plan)
    #expect(injector.pendingNext == 3)
    let operation = ServedOperation.dataPlane(.update)
    for expected in plan.next + [.none, .none] {
      #expect(injector.decide(operation: operation, nowNanoseconds: 0) == expected)
    }
    #expect(injector.pendingNext == 0)
  }

  @Test func `a plan concerns the data plane, or what it names`() {
    var plan = FaultPlan()
    plan.dropBeforeRate = 1
    let update = ServedOperation.dataPlane(.update)
    let create = ServedOperation.controlPlane(.createJob)
    func concerns(_ operation: ServedOperation?) -> Bool {
      self.decisions(plan, count: 1, operation: operation) != [.none]
    }
    #expect(concerns(update))
    #expect(!concerns(create))
    #expect(!concerns(nil))
    plan.operations = ["DescribeJobExecution"]
    #expect(!concerns(update))
    #expect(concerns(.dataPlane(.describe)))
    #expect(!concerns(.controlPlane(.describeJobExecution)))
    plan.operations = ["iot:CreateJob"]
    #expect(concerns(create))
    #expect(!concerns(update))
  }

  @Test func `throttling lets the burst through and then the rate`() {
    var plan = FaultPlan()
    plan.throttleRatePerSecond = 10
    plan.throttleBurst = 3
    var injector = FaultInjector(plan)
    func admits(atMilliseconds milliseconds: UInt64) -> Bool {
      let fault = injector.decide(
        operation: .dataPlane(.describe), nowNanoseconds: milliseconds * 1_000_000)
      return fault.outcome == nil
    }
    #expect((0..<5).map { _ in admits(atMilliseconds: 1_000) } == [true, true, true, false, false])
    #expect(!admits(atMilliseconds: 1_099))
    #expect(admits(atMilliseconds: 1_100))
    #expect(!admits(atMilliseconds: 1_100))
    // A clock that goes back gives nothing.
    #expect(!admits(atMilliseconds: 0))
    // A long rest gives no more than the burst.
    #expect((0..<4).map { _ in admits(atMilliseconds: 90_000) } == [true, true, true, false])
  }

  // MARK: JSON

  private func plan(_ text: String) throws -> FaultPlan {
    try FaultPlan(json: JSONValue(parsing: Array(text.utf8)))
  }

  @Test func `a plan is read from JSON and written so`() throws {
    let plan = try self.plan(
      #"{"operations": ["UpdateJobExecution", "iot:CreateJob"], "seed": -1, "#
        + #""latencyMilliseconds": 20, "latencyJitterMilliseconds": 5, "errorRate": 0.5, "#
        + #""errors": ["status=503"], "dropBeforeRate": 0, "dropAfterRate": 1, "#
        + #""truncateRate": 0.25, "malformedRate": 0.125, "next": ["drop=after", ""], "#
        + #""throttle": {"ratePerSecond": 50, "burst": 100}}"#)
    #expect(plan.operations == ["UpdateJobExecution", "iot:CreateJob"])
    #expect(plan.seed == UInt64.max)
    #expect(plan.errors.map(\.status) == [503])
    #expect(plan.next == [Fault(outcome: .drop(.after)), .none])
    #expect(plan.throttleRatePerSecond == 50)
    var json = JSONWriter()
    json.object(plan.writeMembers)
    #expect(try self.plan(String(decoding: json.bytes, as: UTF8.self)) == plan)
    #expect(try self.plan("{}") == .none)
  }

  @Test(arguments: [
    "[]", "1", #"{"errorRates": 1}"#, #"{"errorRate": 1.1}"#, #"{"errorRate": -0.1}"#,
    #"{"errorRate": "1"}"#, #"{"latencyMilliseconds": 600001}"#, #"{"seed": "x"}"#,
    #"{"operations": ["CreateJob"]}"#, #"{"operations": "UpdateJobExecution"}"#,
    #"{"next": ["bad"]}"#, #"{"next": [1]}"#, #"{"errors": ["drop=after"]}"#,
    #"{"errors": ["status=500;when=after"]}"#, #"{"throttle": {}}"#, #"{"throttle": 5}"#,
    #"{"throttle": {"ratePerSecond": 0}}"#, #"{"throttle": {"ratePerSecond": 1, "x": 1}}"#,
  ])
  func `what is no plan is refused with a reason`(text: String) {
    let error = #expect(throws: FaultTextError.self) { try self.plan(text) }
    #expect(error?.message.isEmpty == false)
  }
}
