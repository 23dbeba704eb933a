// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What comes of a device's report that an execution is now in some state.
enum OnReport: Equatable, Sendable {
  case accept
  /// 409: the execution cannot go there from where it is.
  case refuseTransition
  /// 400: no device may report such a state, wherever the execution is.
  case refuseRequest
}

extension JobExecutionStatus {
  /// The table of the moves that a device can make, for an execution in this state.
  ///
  /// | from \ to   | IN_PROGRESS | SUCCEEDED, FAILED, REJECTED | set by the service only |
  /// |-------------|-------------|-----------------------------|-------------------------|
  /// | QUEUED      | accept      | accept                      | refuse, see the rules   |
  /// | IN_PROGRESS | accept      | accept                      | refuse, see the rules   |
  /// | any end     | 409         | 409                         | refuse, see the rules   |
  ///
  /// Source: AWS IoT developer guide, "Job execution states".
  func receivedReport(_ reported: JobExecutionStatus, rules: EmulatorRules) -> OnReport {
    switch (self, reported) {
    case (_, .queued), (_, .timedOut), (_, .removed), (_, .canceled), (_, .unrecognized):
      reported.refusalAsReport(rules) ?? .refuseTransition
    case (.queued, .inProgress), (.inProgress, .inProgress): .accept
    case (.queued, .succeeded), (.inProgress, .succeeded): .accept
    case (.queued, .failed), (.inProgress, .failed): .accept
    case (.queued, .rejected), (.inProgress, .rejected): .accept
    case (.succeeded, _), (.failed, _), (.rejected, _): .refuseTransition
    case (.timedOut, _), (.removed, _), (.canceled, _): .refuseTransition
    case (.unrecognized, _): .refuseTransition
    }
  }

  /// How this state is refused when a device reports it; nil for those that a device may report.
  func refusalAsReport(_ rules: EmulatorRules) -> OnReport? {
    switch self {
    case .inProgress, .succeeded, .failed, .rejected: nil
    case .unrecognized: .refuseRequest
    case .queued: rules.serviceOnlyStatus == .invalidRequest ? .refuseRequest : .refuseTransition
    case .timedOut, .removed, .canceled:
      rules.serviceOnlyStatus == .invalidStateTransition ? .refuseTransition : .refuseRequest
    }
  }
}
