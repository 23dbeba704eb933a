// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// The level of the process's log, which may change while it runs.
///
/// Every logger made with it follows at once, copies that somebody holds included, unless it was
/// given a level of its own. To ask costs one relaxed load.
package final class LogLevels: Sendable {
  private let rank: Atomic<UInt8>

  package init(_ level: Logger.Level) {
    self.rank = Atomic(level.rank)
  }

  package var level: Logger.Level {
    get { Logger.Level(rank: self.rank.load(ordering: .relaxed)) }
    set { self.rank.store(newValue.rank, ordering: .relaxed) }
  }
}

extension Logger.Level {
  fileprivate var rank: UInt8 {
    switch self {
    case .trace: 0
    case .debug: 1
    case .info: 2
    case .notice: 3
    case .warning: 4
    case .error: 5
    case .critical: 6
    }
  }

  /// Ranks come from levels only; there are no others.
  fileprivate init(rank: UInt8) {
    switch rank {
    case 0: self = .trace
    case 1: self = .debug
    case 2: self = .info
    case 3: self = .notice
    case 4: self = .warning
    case 5: self = .error
    default: self = .critical
    }
  }
}
