// SPDX-License-Identifier: Apache-2.0

/// One job on one thing, as AWS shows it.
///
/// Every member is optional because AWS's model requires none of them in an answer.
/// Source: IoT Jobs Data Plane API, `JobExecution`. Times are seconds since 1970 (UTC).
package struct JobExecution: Equatable, Sendable {
  package var jobID: String?
  package var thingName: String?
  package var status: JobExecutionStatus?
  package var statusDetails: StatusDetails?
  package var queuedAtSeconds: Int64?
  package var startedAtSeconds: Int64?
  package var lastUpdatedAtSeconds: Int64?
  /// A countdown to the nearer of the two timers; absent while no timer runs.
  package var approximateSecondsBeforeTimedOut: Int64?
  package var versionNumber: Int64?
  package var executionNumber: Int64?
  /// Text that holds JSON; passed on untouched.
  package var jobDocument: String?

  package init() {}
}

/// A row of the pending lists. The list it stands in tells its status.
/// Source: IoT Jobs Data Plane API, `JobExecutionSummary`.
package struct JobExecutionSummary: Equatable, Sendable {
  package var jobID: String?
  package var queuedAtSeconds: Int64?
  package var startedAtSeconds: Int64?
  package var lastUpdatedAtSeconds: Int64?
  package var versionNumber: Int64?
  package var executionNumber: Int64?

  package init() {}
}

/// What an update leaves behind, and what a refused update shows of the present.
/// Source: IoT Jobs Data Plane API, `JobExecutionState`.
package struct JobExecutionState: Equatable, Sendable {
  package var status: JobExecutionStatus?
  package var statusDetails: StatusDetails?
  package var versionNumber: Int64?

  package init() {}
}
