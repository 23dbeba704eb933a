// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Takes an even share of all that passes, which may change at any time. Safe from any thread.
///
/// What is taken depends on nothing that a caller says. With a share of none or all it costs one
/// relaxed load, else one addition and a few multiplications.
struct ShareSampler: ~Copyable, Sendable {
  /// Takes everything, rather than all but one in 2^64.
  private static let all = UInt64.max

  /// What is taken of each 2^64.
  private let threshold: Atomic<UInt64>
  private let passed: Atomic<UInt64>

  /// - Parameters:
  ///   - share: from 0, nothing, to 1, everything.
  ///   - seed: where the sequence of choices begins.
  init(share: Double, seed: UInt64) {
    self.threshold = Atomic(Self.threshold(for: share))
    self.passed = Atomic(seed)
  }

  func set(share: Double) {
    self.threshold.store(Self.threshold(for: share), ordering: .relaxed)
  }

  func takesNext() -> Bool {
    switch self.threshold.load(ordering: .relaxed) {
    case 0: return false
    case Self.all: return true
    case let threshold:
      // SplitMix64: the sequence adds the golden ratio, and mixing makes its members look random.
      let position = self.passed.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
      var mixed = (position ^ (position &>> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed &>> 31) < threshold
    }
  }

  private static func threshold(for share: Double) -> UInt64 {
    UInt64(exactly: (share * 0x1p64).rounded(.down)) ?? (share > 0 ? self.all : 0)
  }
}
