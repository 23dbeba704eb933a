// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import Logging
import Synchronization
package import Telemetry

/// One line for a call that is over: for each that failed, and for a share of all.
///
/// Failures of one kind come in storms. So many lines a second are written of each kind, which is
/// the method, the code and the reason; what is hidden is counted, and told by the next line of the
/// kind or soon after by one of its own. Lines of the share are always written: who wants a share of
/// all calls gets it.
package final class CallLog: Sendable {
  private let logger: Logger
  private let sampler: ShareSampler
  private let repeats: Mutex<RepeatLimit<FailureKind>>
  /// Failures without a line of their own.
  package let suppressedLines = Counter()

  /// - Parameters:
  ///   - share: of all calls that get a line, from 0 to 1.
  ///   - failuresPerSecond: lines for failures of one kind.
  ///   - seed: where the sequence of choices begins.
  package init(
    _ logger: Logger, share: Double = 0, failuresPerSecond: Int = 10,
    seed: UInt64 = .random(in: 0 ... .max)
  ) {
    self.logger = logger
    self.sampler = ShareSampler(share: share, seed: seed)
    self.repeats = Mutex(RepeatLimit(perSecond: failuresPerSecond))
  }

  /// Another share of all calls gets a line from now on, from 0 to 1.
  package func set(share: Double) {
    self.sampler.set(share: share)
  }

  /// Whether the call that is over now is of the share that has lines. To be asked once for each.
  func takesNext() -> Bool { self.sampler.takesNext() }

  func ended(_ report: CallReport, isOfShare: Bool) {
    guard let failure = report.failure else {
      if isOfShare { self.logger.info("call answered", metadata: report.logMetadata) }
      return
    }
    let kind = FailureKind(report.method, failure)
    let level = kind.level
    if isOfShare { return self.tell(failure, of: report, level: max(level, .info)) }
    guard self.logger.logLevel <= level else { return }
    switch self.repeats.withLock({ $0.lineCame(kind, now: report.endedAt) }) {
    case .write(let repeated): self.tell(failure, of: report, level: level, repeated)
    case .hide: self.suppressedLines.increment()
    }
  }

  private func tell(
    _ failure: RPCFailure, of report: CallReport, level: Logger.Level, _ repeated: Int = 0
  ) {
    var metadata = report.logMetadata
    metadata[LogKey.reason] = "\(failure.reason.rawValue)"
    metadata[LogKey.error] = "\(failure.message)"
    if repeated > 0 { metadata[LogKey.repeated] = "\(repeated)" }
    self.logger.log(level: level, "call failed", metadata: metadata)
  }

  /// Tells what storms hid that are over. To be called now and then.
  package func tellRepeats(now: ContinuousClock.Instant = .now) {
    self.tell(self.repeats.withLock { $0.takeRepeats(now: now) })
  }

  /// Tells all that is hidden and not told, before the process ends.
  package func tellAllRepeats() {
    self.tell(self.repeats.withLock { $0.takeAllRepeats() })
  }

  private func tell(_ all: [RepeatLimit<FailureKind>.Repeats]) {
    for repeats in all {
      var metadata: Logger.Metadata = [LogKey.repeated: "\(repeats.count)"]
      if let kind = repeats.kind {
        metadata[LogKey.method] = "\(kind.method.name)"
        metadata[LogKey.grpcCode] = "\(kind.code.name)"
        metadata[LogKey.reason] = "\(kind.reason.rawValue)"
      }
      // As the lines that were hidden would have been: what hid warnings is heard where they are. Of
      // kinds that are not told apart the worst is thought.
      self.logger.log(
        level: repeats.kind?.level ?? .warning, "calls failed alike", metadata: metadata)
    }
  }
}

/// What makes failures alike. Method, code and reason are closed sets.
struct FailureKind: Hashable, Sendable {
  let method: CallMethod
  let code: GRPCStatusCode
  let reason: FailureReason

  init(_ method: CallMethod, _ failure: RPCFailure) {
    self.method = method
    self.code = failure.code
    self.reason = failure.reason
  }
}
