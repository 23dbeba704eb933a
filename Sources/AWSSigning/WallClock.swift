// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The time of day, which signatures carry. Not for measuring: it may jump.
package struct WallClock: Sendable {
  private let read: @Sendable () -> Int64

  /// - Parameter read: answers seconds since 1970 (UTC).
  package init(_ read: @escaping @Sendable () -> Int64) {
    self.read = read
  }

  package static let system = WallClock { Int64(Glibc.time(nil)) }

  /// Seconds since 1970 (UTC).
  package var epochSeconds: Int64 { self.read() }
}
