// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization

/// The random numbers of one event loop's calls. The lock is for the compiler's sake: nobody else
/// is there to wait for.
final class RetryNumbers: Sendable {
  private let numbers: Mutex<DistinctNumbers>

  init(seededBy random: inout some RandomNumberGenerator) {
    self.numbers = Mutex(DistinctNumbers(seededBy: &random))
  }

  func invocation() -> RandomUUID {
    self.numbers.withLock { RandomUUID(using: &$0) }
  }

  /// Even from zero to below one.
  func fraction() -> Double {
    self.numbers.withLock { Double.random(in: 0..<1, using: &$0) }
  }
}
