// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// What moves do to the execution itself. Whether a move is legal was asked before.
///
///     QUEUED ──► IN_PROGRESS ──► SUCCEEDED  FAILED  REJECTED     by the device
///        │            │    └───► TIMED_OUT                       by its timers
///        └────────────┴────────► CANCELED                        by the control plane
///
/// QUEUED may also go straight to the device's three ends.
extension Execution {
  /// StartNext or Update was accepted.
  mutating func reported(
    _ status: JobExecutionStatus, details: StatusDetails?, stepTimeoutMinutes: Int64?, now: Int64,
    rules: EmulatorRules
  ) {
    let wasQueued = self.status == .queued
    self.status = status
    self.apply(details, by: rules.statusDetails)
    self.versionNumber += 1
    self.lastUpdatedAtSeconds = now
    if status.isTerminal {
      if wasQueued && rules.directEndSetsStartedAt { self.startedAtSeconds = now }
      self.timers.stop()
      return
    }
    if wasQueued {
      self.startedAtSeconds = now
      self.timers.startInProgress(minutes: self.inProgressTimeoutMinutes, now: now)
    }
    self.timers.setStep(minutes: stepTimeoutMinutes, now: now)
  }

  /// StartNext found it IN_PROGRESS. AWS's words: its status details are not changed.
  mutating func startedAgain(stepTimeoutMinutes: Int64?, now: Int64, rules: EmulatorRules) {
    if rules.repeatedStartBumpsVersion {
      self.versionNumber += 1
      self.lastUpdatedAtSeconds = now
    }
    if rules.repeatedStartSetsStepTimer {
      self.timers.setStep(minutes: stepTimeoutMinutes, now: now)
    }
  }

  /// The nearer timer ran out.
  mutating func timedOut(at instant: Int64, rules: EmulatorRules) {
    self.endedByService(.timedOut, at: instant, rules: rules)
  }

  /// The control plane cancelled it, alone or with its job.
  mutating func cancelled(
    force: Bool, details: StatusDetails?, now: Int64, rules: EmulatorRules
  ) {
    self.forceCanceled = force
    self.apply(details, by: rules.statusDetails)
    self.endedByService(.canceled, at: now, rules: rules)
  }

  private mutating func endedByService(
    _ end: JobExecutionStatus, at instant: Int64, rules: EmulatorRules
  ) {
    self.status = end
    self.timers.stop()
    self.lastUpdatedAtSeconds = instant
    if rules.serviceMovesBumpVersion { self.versionNumber += 1 }
  }

  private mutating func apply(
    _ details: StatusDetails?, by rule: EmulatorRules.StatusDetailsRule
  ) {
    guard let details else { return }
    let merged = details.merged(onto: self.statusDetails, by: rule)
    self.statusDetails = merged.isEmpty ? nil : merged
  }
}

extension StatusDetails {
  /// What the details of an execution are once these have been given.
  func merged(onto old: StatusDetails?, by rule: EmulatorRules.StatusDetailsRule) -> StatusDetails {
    guard rule == .merge, var merged = old else { return self }
    for entry in self.entries {
      merged[entry.name] = entry.value
    }
    return merged
  }
}
