// SPDX-License-Identifier: Apache-2.0

/// The states as numbers of the .proto's `JobExecutionStatus`, which are for ever.
extension JobExecutionStatus {
  /// 0, which is UNSPECIFIED, and numbers that are not ours become `unrecognized` with the number
  /// in digits: no word of AWS's, so no constraint lets it through.
  init(wireNumber: UInt32) {
    switch wireNumber {
    case 1: self = .queued
    case 2: self = .inProgress
    case 3: self = .succeeded
    case 4: self = .failed
    case 5: self = .timedOut
    case 6: self = .rejected
    case 7: self = .removed
    case 8: self = .canceled
    default: self = .unrecognized(String(wireNumber))
    }
  }

  /// 0 for a state that the .proto has no value for.
  var wireNumber: UInt32 {
    switch self {
    case .unrecognized: 0
    case .queued: 1
    case .inProgress: 2
    case .succeeded: 3
    case .failed: 4
    case .timedOut: 5
    case .rejected: 6
    case .removed: 7
    case .canceled: 8
    }
  }
}
