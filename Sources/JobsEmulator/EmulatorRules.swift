// SPDX-License-Identifier: Apache-2.0

/// What AWS's documents leave open, one field a question.
///
/// The defaults are the most likely answers: what public captures show, what AWS's own MQTT text
/// says of the same operation, or what a third-party emulator (MiniStack) does after comparison
/// with live answers. A test that depends on one of them should set it.
package struct EmulatorRules: Equatable, Sendable {
  // MARK: Things

  /// What a data plane call about a thing that no job ever targeted is answered with.
  package enum UnknownThing: Equatable, Sendable {
    /// 404 ResourceNotFoundException.
    case notFound
    /// Empty lists, and no next execution. Calls that name a job are still refused with 404.
    case empty
  }
  package var unknownThing = UnknownThing.notFound

  // MARK: Numbers

  /// The version of an execution that is newly queued. Captures show 1; one guide sample shows 0.
  package var firstVersionNumber: Int64 = 1
  /// The number of a thing's first execution of a job. Captures show 1; guide samples show ten
  /// digits. Each retry adds 1.
  package var firstExecutionNumber: Int64 = 1
  /// Whether time-outs and cancels count in the version, as a device's updates do.
  package var serviceMovesBumpVersion = true

  // MARK: Update

  /// How a device is refused that reports a state which only the service may set.
  package enum ServiceOnlyStatus: Equatable, Sendable {
    /// QUEUED: 409 InvalidStateTransition; TIMED_OUT, REMOVED and CANCELED: 400 InvalidRequest.
    case mixed
    /// 409 InvalidStateTransition for each.
    case invalidStateTransition
    /// 400 InvalidRequest for each.
    case invalidRequest
  }
  package var serviceOnlyStatus = ServiceOnlyStatus.mixed

  /// The name under which an expectedVersion that does not match is refused. Always 409.
  package enum VersionMismatch: Equatable, Sendable {
    case versionMismatchException
    case versionConflictException
    case invalidStateTransitionException
  }
  package var versionMismatch = VersionMismatch.versionMismatchException

  /// What a given statusDetails does to those already there.
  package enum StatusDetailsRule: Equatable, Sendable {
    /// The new map takes the place of the old one; `{}` clears.
    case replace
    /// New pairs are added or take the place of those with their name; `{}` changes nothing.
    case merge
  }
  package var statusDetails = StatusDetailsRule.replace

  /// Whether an execution that goes from QUEUED straight to an end gets a startedAt.
  package var directEndSetsStartedAt = false

  // MARK: StartNext

  /// Whether StartNext counts in the version when it returns what is already IN_PROGRESS.
  package var repeatedStartBumpsVersion = false
  /// Whether stepTimeoutInMinutes of such a StartNext restarts the step timer.
  package var repeatedStartSetsStepTimer = false

  // MARK: Describe and GetPending

  /// Whether Describe refuses an execution in a terminal state with 410 TerminalStateException.
  package var describeRefusesTerminal = true

  /// How the most that GetPending shows is shared by its two lists.
  package enum PendingShare: Equatable, Sendable {
    /// First those IN_PROGRESS, then those QUEUED while there is room.
    case inProgressFirst
    /// Each list may show the most.
    case each
  }
  package var pendingShare = PendingShare.inProgressFirst
  /// The most that GetPending shows. AWS shows 15 in accounts that schedule jobs.
  package var pendingLimit = 10

  // MARK: Timers

  /// How many seconds after its end an execution becomes TIMED_OUT. AWS may take up to 60.
  package var timeoutLatenessSeconds: Int64 = 0

  // MARK: Jobs

  /// Whether CreateJob refuses a document that is not JSON.
  package var documentMustBeJSON = true
  /// Whether a CONTINUOUS job is COMPLETED once all its targets are done, as a SNAPSHOT one is.
  package var continuousJobsComplete = false
  /// Whether CancelJob of a COMPLETED job is refused with 400 InvalidRequest, or does nothing.
  package var cancelRefusesCompleted = true
  /// The most retries of one job on one thing, all reasons taken together.
  package var maximumRetries: Int64 = 10
  /// Whether the control plane's lists begin with what was made last.
  package var listsNewestFirst = false
  /// The length of a list's page when maxResults is absent. It may not be over 250.
  package var defaultPageLength = 250

  package init() {}
}
