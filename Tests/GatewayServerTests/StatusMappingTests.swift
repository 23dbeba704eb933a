// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
import Testing

@testable import GatewayServer

/// The table once more, row by row.
struct StatusMappingTests {
  /// What a caller can act on.
  struct Told: Equatable, CustomStringConvertible {
    var code: GRPCStatusCode
    var reason: FailureReason
    var domain: FailureDomain
    var retry: RetryHint

    init(
      _ code: GRPCStatusCode, _ reason: FailureReason, _ domain: FailureDomain,
      _ retry: RetryHint = .unspecified
    ) {
      self.code = code
      self.reason = reason
      self.domain = domain
      self.retry = retry
    }

    init(_ failure: RPCFailure) {
      self.init(failure.code, failure.reason, failure.domain, failure.retry)
    }

    var description: String {
      "\(self.code.name) \(self.reason.rawValue) \(self.domain.rawValue) \(self.retry)"
    }

    static let awsMayHaveApplied = Told(.unknown, .outcomeUnknown, .aws, .never)
    static let mayHaveBeenApplied = Told(.unknown, .outcomeUnknown, .gateway, .never)
  }

  struct Row: CustomTestStringConvertible, Sendable {
    var cause: JobsFailure.Cause
    var read: Told
    var write: Told

    init(_ cause: JobsFailure.Cause, _ read: Told, write: Told? = nil) {
      self.cause = cause
      self.read = read
      self.write = write ?? read
    }

    var testDescription: String { "\(self.cause)" }
  }

  static let reads: [JobsCall] = [
    .describe(DescribeJobExecution(thingName: "t", jobID: "j")),
    .getPending(GetPendingJobExecutions(thingName: "t")),
  ]
  static let writes: [JobsCall] = [
    .startNext(StartNextPendingJobExecution(thingName: "t")),
    .update(UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)),
  ]

  static func refusal(
    _ kind: AWSErrorKind, status: Int = 400, retryAfter: Int64? = nil
  ) -> AWSRefusal {
    var refusal = AWSRefusal(name: "SomeException", httpStatus: status, message: "m", kind: kind)
    refusal.retryAfterMilliseconds = retryAfter
    return refusal
  }

  private static func refused(
    _ kind: AWSErrorKind, _ code: GRPCStatusCode, _ reason: FailureReason,
    _ retry: RetryHint = .unspecified, write: Told? = nil
  ) -> Row {
    Row(.refused(self.refusal(kind)), Told(code, reason, .aws, retry), write: write)
  }

  private static func unknownName(
    _ status: Int, _ code: GRPCStatusCode, _ retry: RetryHint = .unspecified, write: Told? = nil
  ) -> Row {
    Row(
      .refused(self.refusal(.unknown, status: status)),
      Told(code, .unknownAWSError, .aws, retry), write: write)
  }

  private static let later = RetryHint.after(milliseconds: 500)
  private static let afterThrottling = RetryHint.after(milliseconds: 1_000)

  static let knownNames: [Row] = [
    refused(.invalidRequest, .invalidArgument, .invalidRequest),
    refused(.resourceNotFound, .notFound, .resourceNotFound),
    refused(.terminalState, .failedPrecondition, .terminalState),
    refused(.invalidStateTransition, .failedPrecondition, .invalidStateTransition),
    refused(.versionMismatch, .aborted, .versionMismatch),
    refused(.conflict, .alreadyExists, .conflict),
    refused(.quotaExceeded, .resourceExhausted, .quotaExceeded),
    refused(.throttled, .resourceExhausted, .throttled, afterThrottling),
    refused(.serviceUnavailable, .unavailable, .serviceUnavailable, later),
    refused(.internalFailure, .unavailable, .internalFailure, later, write: .awsMayHaveApplied),
    refused(.requestTimeout, .unavailable, .timeout, later, write: .awsMayHaveApplied),
    refused(.accessDenied, .permissionDenied, .accessDenied),
    refused(.invalidEndpoint, .permissionDenied, .invalidEndpoint),
    refused(.credentialsExpired, .unavailable, .credentialsExpired, later),
    refused(.signingFailed, .internal, .signingFailed),
    refused(.clockSkew, .internal, .clockSkew),
    refused(.certificate, .internal, .certificate),
    refused(.wrongEndpoint, .internal, .wrongEndpoint),
  ]

  static let unknownNames: [Row] = [
    unknownName(200, .internal, write: .awsMayHaveApplied),
    unknownName(301, .internal),
    unknownName(307, .internal),
    unknownName(400, .invalidArgument),
    unknownName(401, .permissionDenied),
    unknownName(402, .failedPrecondition),
    unknownName(403, .permissionDenied),
    unknownName(404, .notFound),
    unknownName(408, .unavailable, later, write: .awsMayHaveApplied),
    unknownName(409, .aborted),
    unknownName(410, .failedPrecondition),
    unknownName(412, .failedPrecondition),
    unknownName(413, .invalidArgument),
    unknownName(418, .failedPrecondition),
    unknownName(429, .resourceExhausted, afterThrottling),
    unknownName(499, .failedPrecondition),
    unknownName(500, .unavailable, later, write: .awsMayHaveApplied),
    unknownName(502, .unavailable, later, write: .awsMayHaveApplied),
    unknownName(503, .unavailable, later),
    unknownName(504, .unavailable, later, write: .awsMayHaveApplied),
    unknownName(599, .unavailable, later, write: .awsMayHaveApplied),
  ]

  /// What a proxy on the way answers: no name but the status itself.
  static let nameless: [Row] = [502, 504].map { status in
    var refusal = Self.refusal(.unknown, status: status)
    refusal.name = "\(status)"
    return Row(
      .refused(refusal), Told(.unavailable, .serviceUnavailable, .aws, later),
      write: .awsMayHaveApplied)
  }

  static let failedHere: [Row] = [
    Row(
      .invalid([FieldViolation(field: "job_id", rule: "too long")]),
      Told(.invalidArgument, .invalidField, .gateway)),
    Row(
      .malformedResponse("d"), Told(.internal, .malformedResponse, .gateway),
      write: .mayHaveBeenApplied),
    Row(
      .overtaken(JobExecutionState()),
      Told(.failedPrecondition, .invalidStateTransition, .gateway)),
    Row(.unreachable("d"), Told(.unavailable, .connection, .gateway, later)),
    Row(
      .interrupted("d"), Told(.unavailable, .connection, .gateway, later),
      write: .mayHaveBeenApplied),
    Row(
      .attemptTimedOut(requestSent: true), Told(.unavailable, .timeout, .gateway, later),
      write: .mayHaveBeenApplied),
    Row(
      .attemptTimedOut(requestSent: false), Told(.unavailable, .timeout, .gateway, later)),
    Row(.draining, Told(.unavailable, .draining, .gateway, .elsewhere)),
    Row(.overloaded("d"), Told(.unavailable, .overloaded, .gateway, later)),
    Row(
      .thingLimited(.read, retryAfterMilliseconds: 40),
      Told(.resourceExhausted, .thingRateLimited, .gateway, .after(milliseconds: 40))),
    Row(
      .budgetExhausted(.write, retryAfterMilliseconds: 50),
      Told(.resourceExhausted, .budgetExhausted, .gateway, .after(milliseconds: 50))),
    Row(
      .circuitOpen(retryAfterMilliseconds: 60),
      Told(.unavailable, .circuitOpen, .gateway, .after(milliseconds: 60))),
    Row(.notCached, Told(.unavailable, .notCached, .gateway)),
    Row(.endpointUnknown("d"), Told(.unavailable, .endpointUnknown, .gateway, later)),
    Row(
      .credentialsUnavailable("d"), Told(.unavailable, .credentialsUnavailable, .gateway, later)),
    Row(
      .deadlineExceeded(mayHaveBeenApplied: true),
      Told(.deadlineExceeded, .deadlineExceeded, .gateway)),
    Row(
      .deadlineExceeded(mayHaveBeenApplied: false),
      Told(.deadlineExceeded, .deadlineExceeded, .gateway)),
    Row(.cancelled(mayHaveBeenApplied: true), Told(.cancelled, .cancelled, .gateway)),
    Row(.cancelled(mayHaveBeenApplied: false), Told(.cancelled, .cancelled, .gateway)),
  ]

  static let table = knownNames + unknownNames + nameless + failedHere

  @Test(arguments: table)
  func `each failure has its code, reason, domain and hint`(row: Row) {
    for call in Self.reads {
      #expect(Told(StatusMapping.failure(for: JobsFailure(row.cause), of: call)) == row.read)
    }
    for call in Self.writes {
      #expect(Told(StatusMapping.failure(for: JobsFailure(row.cause), of: call)) == row.write)
    }
  }

  /// What a client may repeat by its policy must be safe to repeat. Listed by cause, so that a row
  /// that is wrong in the table above is wrong here too.
  @Test(arguments: table)
  func `a write is never repeatable unless it was surely not applied`(row: Row) {
    let isSurelyNotApplied =
      switch row.cause {
      case .refused(let refusal):
        refusal.kind == .serviceUnavailable || refusal.kind == .credentialsExpired
          || refusal.kind == .throttled || refusal.httpStatus == 503 || refusal.httpStatus == 429
      case .unreachable, .overloaded, .draining, .endpointUnknown, .credentialsUnavailable: true
      case .thingLimited, .budgetExhausted, .circuitOpen, .notCached: true
      case .attemptTimedOut(let requestSent): !requestSent
      default: false
      }
    for call in Self.writes {
      let failure = StatusMapping.failure(for: JobsFailure(row.cause), of: call)
      let invitesRepeating: Bool =
        switch failure.retry {
        case .after, .elsewhere: true
        case .unspecified, .never: failure.code == .unavailable
        }
      #expect(!invitesRepeating || isSurelyNotApplied)
      #expect((failure.code == .unknown) == (failure.retry == .never))
    }
  }

  /// Retries go by the one, callers by the other.
  @Test(arguments: table)
  func `a write is of unknown outcome exactly where retries take it so`(row: Row) {
    switch row.cause {
    case .deadlineExceeded, .cancelled: return
    default: break
    }
    for call in Self.writes {
      let failure = StatusMapping.failure(for: JobsFailure(row.cause), of: call)
      #expect((failure.code == .unknown) == (row.cause.writeOutcome == .uncertain))
      if failure.code == .unavailable { #expect(row.cause.writeOutcome == .notReceived) }
    }
  }

  @Test(arguments: [
    (AWSErrorKind.throttled, 400), (.serviceUnavailable, 503), (.internalFailure, 500),
    (.requestTimeout, 408), (.credentialsExpired, 403), (.unknown, 408), (.unknown, 429),
    (.unknown, 500), (.unknown, 503),
  ])
  func `AWS's own delay replaces ours`(kind: AWSErrorKind, status: Int) {
    let refusal = Self.refusal(kind, status: status, retryAfter: 7_500)
    let failure = StatusMapping.failure(for: JobsFailure(.refused(refusal)), of: Self.reads[0])
    #expect(failure.retry == .after(milliseconds: 7_500))
  }

  @Test func `the words about a write tell whether it may have been applied`() {
    let (read, write) = (Self.reads[0], Self.writes[1])
    func message(_ cause: JobsFailure.Cause, _ call: JobsCall) -> String {
      StatusMapping.failure(for: JobsFailure(cause), of: call).message
    }
    #expect(message(.deadlineExceeded(mayHaveBeenApplied: true), read) == "the deadline passed")
    #expect(
      message(.deadlineExceeded(mayHaveBeenApplied: true), write)
        == "the deadline passed; the write may have been applied")
    #expect(
      message(.deadlineExceeded(mayHaveBeenApplied: false), write)
        == "the deadline passed; the write was not applied")
    #expect(
      message(.cancelled(mayHaveBeenApplied: false), write)
        == "the call was cancelled; the write was not applied")
    for cause in [
      JobsFailure.Cause.interrupted("d"), .malformedResponse("d"),
      .attemptTimedOut(requestSent: true), .refused(Self.refusal(.internalFailure, status: 500)),
      .refused(Self.refusal(.unknown, status: 502)),
    ] {
      #expect(message(cause, write).contains("the write may have been applied"))
      #expect(!message(cause, read).contains("write"))
    }
  }
}

// MARK: - Facts

struct StatusMappingFactsTests {
  private func facts(_ failure: RPCFailure) -> [String] {
    failure.facts.map { "\($0.name)=\($0.value)" }
  }

  @Test func `a refusal carries AWS's own words`() {
    let refusal = AWSRefusal(
      name: "ThrottlingException", httpStatus: 429, message: "Rate exceeded", kind: .throttled)
    let trace = UpstreamTrace(awsRequestID: "r-1", attempts: 3)
    let failure = StatusMapping.failure(
      for: JobsFailure(.refused(refusal), trace: trace), of: StatusMappingTests.reads[1])
    #expect(failure.message == "Rate exceeded")
    #expect(failure.trace == trace)
    #expect(
      self.facts(failure) == [
        "awsErrorCode=ThrottlingException", "httpStatus=429",
        "operation=GetPendingJobExecutions", "awsRequestId=r-1",
      ])
    #expect(failure.details.requestID == "r-1")
    #expect(failure.details.retryDelayMilliseconds == 1_000)
    #expect(failure.details.errorInfo?.domain == "iotjobs.amazonaws.com")
  }

  @Test func `a refusal without words is known by its name`() {
    let refusal = AWSRefusal(name: "404", httpStatus: 404, message: "", kind: .unknown)
    let failure = StatusMapping.failure(
      for: JobsFailure(.refused(refusal)), of: StatusMappingTests.reads[0])
    #expect(failure.message == "404")
  }

  @Test func `a version mismatch shows both versions and the present state`() {
    var state = JobExecutionState()
    state.status = .inProgress
    state.versionNumber = 5
    var refusal = StatusMappingTests.refusal(.versionMismatch, status: 409)
    refusal.executionState = state
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    update.expectedVersion = 4
    let failure = StatusMapping.failure(for: JobsFailure(.refused(refusal)), of: .update(update))
    #expect(failure.executionState == state)
    #expect(failure.details.executionState == state)
    #expect(
      self.facts(failure) == [
        "awsErrorCode=SomeException", "httpStatus=409", "expectedVersion=4", "currentVersion=5",
        "operation=UpdateJobExecution",
      ])
  }

  @Test func `an update that was overtaken shows what it would have been refused with`() {
    var state = JobExecutionState()
    state.versionNumber = 5
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    let unversioned = StatusMapping.failure(
      for: JobsFailure(.overtaken(state)), of: .update(update))
    #expect(unversioned.executionState == state)
    #expect(self.facts(unversioned) == ["operation=UpdateJobExecution"])
    update.expectedVersion = 4
    let versioned = StatusMapping.failure(
      for: JobsFailure(.overtaken(state)), of: .update(update))
    #expect(versioned.code == .aborted && versioned.reason == .versionMismatch)
    #expect(versioned.domain == .gateway && versioned.executionState == state)
    #expect(
      self.facts(versioned) == [
        "expectedVersion=4", "currentVersion=5", "operation=UpdateJobExecution",
      ])
  }

  @Test func `an invalid transition shows the present state and no versions`() {
    var refusal = StatusMappingTests.refusal(.invalidStateTransition, status: 409)
    refusal.executionState = JobExecutionState()
    refusal.executionState?.versionNumber = 5
    let failure = StatusMapping.failure(
      for: JobsFailure(.refused(refusal)), of: StatusMappingTests.writes[1])
    #expect(failure.executionState == refusal.executionState)
    #expect(!self.facts(failure).contains { $0.hasPrefix("currentVersion") })
  }

  @Test func `violations are counted and all of them are in the details`() {
    let violations = [
      FieldViolation(field: "thing_name", rule: "is empty"),
      FieldViolation(field: "job_id", rule: "is too long"),
    ]
    let failure = StatusMapping.invalid(violations)
    #expect(failure.message == "thing_name: is empty (and 1 more)")
    #expect(failure.details.violations == violations)
    #expect(StatusMapping.invalid([violations[0]]).message == "thing_name: is empty")
    #expect(StatusMapping.invalid([]).message == "the request is not valid")
  }

  @Test(arguments: [
    (JobsFailure.Cause.thingLimited(.read, retryAfterMilliseconds: 1_250), "thing:t"),
    (.thingLimited(.write, retryAfterMilliseconds: 1_250), "thing:t"),
    (.budgetExhausted(.read, retryAfterMilliseconds: 1_250), "account:reads"),
    (.budgetExhausted(.write, retryAfterMilliseconds: 1_250), "account:writes"),
  ])
  func `a limit tells whose it is and when to come back`(
    cause: JobsFailure.Cause, subject: String
  ) {
    for call in StatusMappingTests.reads + StatusMappingTests.writes {
      let failure = StatusMapping.failure(for: JobsFailure(cause), of: call)
      #expect(failure.details.quotaSubject == subject)
      #expect(failure.details.retryDelayMilliseconds == 1_250)
      #expect(failure.details.errorInfo?.domain == "iot-jobs-gateway")
      #expect(self.facts(failure) == ["operation=\(call.operation.rawValue)"])
    }
  }

  @Test func `what is no limit names no quota`() {
    for cause in [JobsFailure.Cause.notCached, .overloaded("d")] {
      let failure = StatusMapping.failure(for: JobsFailure(cause), of: StatusMappingTests.reads[0])
      #expect(failure.details.quotaSubject == nil)
    }
  }

  @Test func `no more than the caller's own fields is repeated, never what is not ours to tell`() {
    let failure = StatusMapping.failure(
      for: JobsFailure(.unreachable("connection refused")), of: StatusMappingTests.reads[0])
    #expect(failure.message == "AWS cannot be reached: connection refused")
    #expect(self.facts(failure) == ["operation=DescribeJobExecution"])
    #expect(failure.details.errorInfo?.domain == "iot-jobs-gateway")
  }
}
