// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Telemetry

/// There are too few file descriptors to begin with.
struct DescriptorShortage: ExitStatus, CustomStringConvertible {
  var available: Int
  var needed: Int

  /// EX_OSERR.
  var exitCode: Int32 { 71 }

  var description: String {
    "\(self.available) file descriptors are allowed, and \(self.needed) needed to begin with (RLIMIT_NOFILE)"
  }
}

/// How many connections of callers the process has file descriptors for.
///
/// Without descriptors it could neither answer a probe nor reach AWS, so callers get none of the last
/// ones: those are for probes, for AWS, and for files that are reloaded.
enum DescriptorAllowance {
  /// Probes and scrapes have 256 connections, files and the event loops' own a few dozen.
  private static let reserve = 320

  /// Finds out whether there are enough for the event loops and a few sockets and files: SwiftNIO ends
  /// the process where a loop gets none.
  static func expectEnough(threads: Int) throws(DescriptorShortage) {
    // Each loop has one for waiting, one for time and one for being woken.
    let needed = 32 + 4 * threads
    let available = Self.raisedLimit()
    guard available >= needed else {
      throw DescriptorShortage(available: available, needed: needed)
    }
  }

  /// Raises the soft limit to the hard one, as Go and Java do, and takes what it leaves for callers.
  ///
  /// - Returns: `wanted`, or fewer.
  static func connections(_ wanted: Int, besides upstream: Int, _ logger: Logger) -> Int {
    let available = Self.raisedLimit() - Self.reserve - upstream
    guard available < wanted else { return wanted }
    let allowed = max(available, 1)
    logger.warning(
      "fewer connections than configured, for want of file descriptors",
      metadata: [LogKey.connections: "\(allowed)"])
    return allowed
  }

  private static func raisedLimit() -> Int {
    var limit = rlimit()
    // Both calls read or write the one struct that they are lent.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return 1_024
    }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    // Lent for the call, as above.
    if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
      limit = raised
    }
    return Int(clamping: limit.rlim_cur)
  }
}
