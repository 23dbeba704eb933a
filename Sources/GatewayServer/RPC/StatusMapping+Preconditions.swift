// SPDX-License-Identifier: Apache-2.0

import JobsAPI

extension StatusMapping {
  /// What keeps a call from succeeding, if it is the state of the execution that it is about.
  static func precondition(
    of failure: RPCFailure, _ call: JobsCall
  ) -> RPCFailure.Precondition? {
    let description: String
    switch failure.reason {
    case .versionMismatch: description = Self.versionWords(failure.executionState, call)
    case .terminalState, .invalidStateTransition:
      description = Self.stateWords(failure.executionState)
    default: return nil
    }
    return RPCFailure.Precondition(subject: Self.subject(call), description: description)
  }

  private static func versionWords(_ state: JobExecutionState?, _ call: JobsCall) -> String {
    guard let current = state?.versionNumber, let expected = call.expectedVersion else {
      return "the execution is not at the expected version"
    }
    return "the execution is at version \(current), not \(expected)"
  }

  private static func stateWords(_ state: JobExecutionState?) -> String {
    guard let status = state?.status else { return "the execution's state does not allow the call" }
    return "the execution is \(status.awsWord)"
  }

  /// In the form of the subjects of quotas.
  private static func subject(_ call: JobsCall) -> String {
    let thing = "thing:\(call.thingName)"
    return call.jobID.map { "\(thing)/job:\($0)" } ?? thing
  }
}
