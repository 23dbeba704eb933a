// SPDX-License-Identifier: Apache-2.0

/// Where the time of one call went, in whole microseconds for each stage.
///
/// A plain value without a heap, since every call carries one. A stage that was never entered is
/// zero, and one beyond 71 minutes stays there. What a call spends besides is the gateway's own work.
package struct StageTimes: Sendable {
  package enum Stage: String, CaseIterable, Sendable {
    /// The wait for a turn in the account's budget.
    case limiter
    /// The wait for a connection to AWS, which is one to be made if there is none.
    case queue
    /// The credential, if there was none at hand, and the signature.
    case sign
    /// From the request that was written to the first byte of the answer.
    case firstByte = "first_byte"
    /// From there to the last byte.
    case transfer
    /// The pause before an attempt that is a repeat.
    case backoff
    /// The wait for the answer to another's call that was the same. Its stages are the other's.
    case coalesced

    /// The position in `allCases`, for tables that are looked into on every call.
    package var index: Int {
      switch self {
      case .limiter: 0
      case .queue: 1
      case .sign: 2
      case .firstByte: 3
      case .transfer: 4
      case .backoff: 5
      case .coalesced: 6
      }
    }
  }

  private var microseconds: InlineArray<7, UInt32> = .init(repeating: 0)

  package init() {}

  /// For a call that has been in one stage so far.
  package init(_ stage: Stage, _ duration: Duration) {
    self.add(duration, to: stage)
  }

  /// The microseconds spent in a stage.
  package subscript(stage: Stage) -> UInt32 { self.microseconds[stage.index] }

  /// The microseconds spent in the stage of that index.
  package subscript(index: Int) -> UInt32 { self.microseconds[index] }

  /// More time in a stage. A clock that stepped back counts as none.
  package mutating func add(_ duration: Duration, to stage: Stage) {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return }
    // What is beyond the limit of the sum is beyond that of any number here.
    let whole = min(UInt64(seconds), UInt64(UInt32.max)) * 1_000_000
    self.add(whole + UInt64(attoseconds / 1_000_000_000_000), to: stage)
  }

  /// The stages of a call that went on with what has `later` for stages.
  package func followed(by later: StageTimes) -> StageTimes {
    var sum = self
    for stage in Stage.allCases { sum.add(UInt64(later[stage]), to: stage) }
    return sum
  }

  private mutating func add(_ more: UInt64, to stage: Stage) {
    let sum = UInt64(self.microseconds[stage.index]) + more
    self.microseconds[stage.index] = UInt32(clamping: sum)
  }
}

extension StageTimes: Equatable {
  package static func == (one: StageTimes, other: StageTimes) -> Bool {
    Stage.allCases.allSatisfy { one[$0] == other[$0] }
  }
}
