// SPDX-License-Identifier: Apache-2.0

/// The two timers of an execution.
///
/// The in-progress timer belongs to the job: it starts at IN_PROGRESS and no device can change it.
/// The step timer belongs to the device: each new value restarts it. The nearer end counts, so a
/// step can never carry an execution past the in-progress end.
/// Source: AWS IoT developer guide, "How job configurations work", timeout configurations.
struct ExecutionTimers: Equatable, Sendable {
  private var inProgressEndSeconds: Int64?
  private var stepEndSeconds: Int64?

  init() {}

  /// The nearer of the two ends; nil while no timer runs.
  var endSeconds: Int64? {
    switch (self.inProgressEndSeconds, self.stepEndSeconds) {
    case (let inProgress?, let step?): min(inProgress, step)
    case (let end?, nil), (nil, let end?): end
    case (nil, nil): nil
    }
  }

  mutating func startInProgress(minutes: Int64?, now: Int64) {
    self.inProgressEndSeconds = minutes.map { now + $0 * 60 }
  }

  /// Nil keeps the step timer as it is and -1 stops it.
  mutating func setStep(minutes: Int64?, now: Int64) {
    guard let minutes else { return }
    self.stepEndSeconds = minutes == -1 ? nil : now + minutes * 60
  }

  /// An execution at its end has no timers.
  mutating func stop() {
    self.inProgressEndSeconds = nil
    self.stepEndSeconds = nil
  }
}
