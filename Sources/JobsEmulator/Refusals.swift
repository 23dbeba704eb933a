// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// The errors that AWS has for what the emulator refuses, with the names and statuses of the two
/// service models (`iot-jobs-data` 2017-09-29, `iot` 2015-05-28).
extension JobsFailure {
  static func invalidRequest(_ message: String) -> JobsFailure {
    .refusal("InvalidRequestException", 400, .invalidRequest, message)
  }

  static func thingNotFound(_ thingName: String) -> JobsFailure {
    .notFound("Thing \(thingName) does not exist, or no job was ever created for it.")
  }

  static func jobNotFound(_ jobID: String) -> JobsFailure {
    .notFound("Job \(jobID) does not exist.")
  }

  static func executionNotFound(
    thing: String, job: String, number: Int64? = nil
  ) -> JobsFailure {
    let number = number.map { " number \($0)" } ?? ""
    return .notFound("Job execution\(number) of job \(job) does not exist on thing \(thing).")
  }

  private static func notFound(_ message: String) -> JobsFailure {
    .refusal("ResourceNotFoundException", 404, .resourceNotFound, message)
  }

  static func alreadyExists(_ jobID: String) -> JobsFailure {
    .refusal("ResourceAlreadyExistsException", 409, .conflict, "Job \(jobID) already exists.")
  }

  /// AWS IoT's model gives this name 410.
  static func limitExceeded(_ message: String) -> JobsFailure {
    .refusal("LimitExceededException", 410, .quotaExceeded, message)
  }

  /// Describe of the data plane alone has this error.
  static func terminalState(_ execution: Execution) -> JobsFailure {
    .refusal(
      "TerminalStateException", 410, .terminalState,
      "Job execution is in a terminal state: \(execution.status.awsWord).")
  }

  static func transition(of execution: Execution, to status: JobExecutionStatus) -> JobsFailure {
    .invalidStateTransition(
      "Job execution status cannot be changed from \(execution.status.awsWord)"
        + " to \(status.awsWord).",
      state: execution.state)
  }

  static func invalidStateTransition(
    _ message: String, state: JobExecutionState? = nil
  ) -> JobsFailure {
    .refusal(
      "InvalidStateTransitionException", 409, .invalidStateTransition, message, state: state)
  }

  /// An Update with another expectedVersion than the execution has.
  static func versionMismatch(
    of execution: Execution, expected: Int64, rule: EmulatorRules.VersionMismatch
  ) -> JobsFailure {
    let name =
      switch rule {
      case .versionMismatchException: "VersionMismatchException"
      case .versionConflictException: "VersionConflictException"
      case .invalidStateTransitionException: "InvalidStateTransitionException"
      }
    return .refusal(
      name, 409, .versionMismatch, self.mismatchText(execution, expected), state: execution.state)
  }

  /// The same on the control plane, whose model knows only this name.
  static func versionConflict(of execution: Execution, expected: Int64) -> JobsFailure {
    .refusal(
      "VersionConflictException", 409, .versionMismatch, self.mismatchText(execution, expected))
  }

  private static func mismatchText(_ execution: Execution, _ expected: Int64) -> String {
    "Job execution version \(execution.versionNumber) does not match the expected version"
      + " \(expected)."
  }

  private static func refusal(
    _ name: String, _ httpStatus: Int, _ kind: AWSErrorKind, _ message: String,
    state: JobExecutionState? = nil
  ) -> JobsFailure {
    var refusal = AWSRefusal(name: name, httpStatus: httpStatus, message: message, kind: kind)
    refusal.executionState = state
    return JobsFailure(.refused(refusal))
  }
}
