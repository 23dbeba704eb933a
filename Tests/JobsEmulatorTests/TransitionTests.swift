// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import JobsEmulator

@Suite struct TransitionTests {
  static let ends: [JobExecutionStatus] = [
    .succeeded, .failed, .rejected, .timedOut, .removed, .canceled,
  ]
  static let reportable: [JobExecutionStatus] = [.inProgress, .succeeded, .failed, .rejected]

  @Test(arguments: [JobExecutionStatus.queued, .inProgress], reportable)
  func `a pending execution goes where its device says`(
    from: JobExecutionStatus, to: JobExecutionStatus
  ) {
    #expect(from.receivedReport(to, rules: EmulatorRules()) == .accept)
  }

  @Test(arguments: ends, reportable)
  func `an ended execution goes nowhere, not even to the same end`(
    from: JobExecutionStatus, to: JobExecutionStatus
  ) {
    #expect(from.receivedReport(to, rules: EmulatorRules()) == .refuseTransition)
  }

  @Test(arguments: JobExecutionStatus.documented)
  func `states of the service are refused by kind, from wherever`(from: JobExecutionStatus) {
    let rules = EmulatorRules()
    #expect(from.receivedReport(.queued, rules: rules) == .refuseTransition)
    #expect(from.receivedReport(.timedOut, rules: rules) == .refuseRequest)
    #expect(from.receivedReport(.removed, rules: rules) == .refuseRequest)
    #expect(from.receivedReport(.canceled, rules: rules) == .refuseRequest)
    #expect(from.receivedReport(.unrecognized("DONE"), rules: rules) == .refuseRequest)
  }

  @Test(arguments: [JobExecutionStatus.queued, .timedOut, .removed, .canceled])
  func `the rules can refuse all states of the service alike`(reported: JobExecutionStatus) {
    var rules = EmulatorRules()
    rules.serviceOnlyStatus = .invalidRequest
    #expect(JobExecutionStatus.inProgress.receivedReport(reported, rules: rules) == .refuseRequest)
    rules.serviceOnlyStatus = .invalidStateTransition
    #expect(
      JobExecutionStatus.inProgress.receivedReport(reported, rules: rules) == .refuseTransition)
  }

  @Test(arguments: reportable)
  func `a device may report any state over Update without StartNext`(
    reported: JobExecutionStatus
  ) throws {
    var service = Service()
    try service.create("j")
    service.wait(minutes: 1)
    let answer = try service.update("j", reported)
    #expect(answer.executionState?.status == reported)
    #expect(answer.executionState?.versionNumber == 2)
    let execution = try service.managed("j")
    #expect(execution.status == reported)
    #expect(execution.queuedAtSeconds == Service.start)
    #expect(execution.lastUpdatedAtSeconds == Service.start + 60)
    // Who never was IN_PROGRESS never started.
    #expect(execution.startedAtSeconds == (reported == .inProgress ? Service.start + 60 : nil))
  }

  @Test func `startedAt is set once`() throws {
    var service = Service()
    try service.create("j")
    try service.update("j", .inProgress)
    service.wait(minutes: 1)
    try service.update("j", .inProgress)
    service.wait(minutes: 1)
    try service.update("j", .succeeded)
    let execution = try service.managed("j")
    #expect(execution.startedAtSeconds == Service.start)
    #expect(execution.lastUpdatedAtSeconds == Service.start + 120)
    #expect(execution.versionNumber == 4)
  }

  @Test func `a straight end sets startedAt if the rules say so`() throws {
    var rules = EmulatorRules()
    rules.directEndSetsStartedAt = true
    var service = Service(rules: rules)
    try service.create("j")
    try service.update("j", .failed)
    #expect(try service.managed("j").startedAtSeconds == Service.start)
  }

  @Test(arguments: [JobExecutionStatus.succeeded, .failed, .rejected])
  func `an update of an ended execution shows the state it is in`(
    end: JobExecutionStatus
  ) throws {
    var service = Service()
    try service.create("j")
    try service.update("j", end) { $0.statusDetails = StatusDetails([("why", "so")]) }
    for reported in [end, .inProgress] {
      let refusal = expectRefusal("InvalidStateTransitionException", 409, of: &service) {
        try $0.update("j", reported)
      }
      #expect(refusal?.kind == .invalidStateTransition)
      #expect(refusal?.executionState?.status == end)
      #expect(refusal?.executionState?.versionNumber == 2)
      #expect(refusal?.executionState?.statusDetails == StatusDetails([("why", "so")]))
    }
  }

  @Test func `a device cannot put an execution back in the queue`() throws {
    var service = Service()
    try service.create("j")
    let refusal = expectRefusal("InvalidStateTransitionException", 409, of: &service) {
      try $0.update("j", .queued)
    }
    #expect(refusal?.executionState?.status == .queued)
    expectRefusal("InvalidRequestException", 400, of: &service) { try $0.update("j", .canceled) }
  }
}
