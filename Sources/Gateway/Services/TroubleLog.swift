// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Telemetry
import Transport

/// Tells an operator that AWS is not reached, or refuses who calls it, or that traces are lost: the
/// first time at once, then once a minute at most, for a busy gateway fails in the same way a
/// thousand times a second.
///
/// Callers are told each time. The log is read by who can mend it.
final class TroubleLog: Sendable {
  private static let pause: Duration = .seconds(60)
  private static let repair =
    "`iot-jobs-gateway check`, run here with the same settings, says what to mend"

  private enum Trouble {
    case connection
    case refusal
    case traces
  }

  private let logger: Logger
  /// When each may be told again.
  private let due = Mutex<[Trouble: ContinuousClock.Instant]>([:])

  init(_ logger: Logger) {
    self.logger = logger
  }

  func connectFailed(_ failure: ConnectFailure, now: ContinuousClock.Instant = .now) {
    guard self.isDue(.connection, now) else { return }
    self.logger.warning(
      "no connection to AWS",
      metadata: [LogKey.reason: "\(failure.words)", LogKey.repair: "\(Self.repair)"])
  }

  /// AWS says no to whoever signed, or to what was signed.
  ///
  /// - Parameter name: AWS's for the error.
  func refused(_ name: String, now: ContinuousClock.Instant = .now) {
    guard self.isDue(.refusal, now) else { return }
    self.logger.warning(
      "AWS refused a call for its signature or its permission",
      metadata: [LogKey.reason: "\(name)", LogKey.repair: "\(Self.repair)"])
  }

  /// The collector does not take what it is sent.
  func tracesLost(to collector: String, _ words: String, now: ContinuousClock.Instant = .now) {
    guard self.isDue(.traces, now) else { return }
    self.logger.warning(
      "traces are lost", metadata: [LogKey.endpoint: "\(collector)", LogKey.reason: "\(words)"])
  }

  private func isDue(_ trouble: Trouble, _ now: ContinuousClock.Instant) -> Bool {
    self.due.withLock { due in
      if let next = due[trouble], now < next { return false }
      due[trouble] = now.advanced(by: Self.pause)
      return true
    }
  }
}
