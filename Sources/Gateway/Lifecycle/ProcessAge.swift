// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How long this process has been there, linking and the language's own start included.
enum ProcessAge {
  /// In whole milliseconds, give or take 10: the kernel tells starts in ticks and the time since boot
  /// in hundredths. Nil where there is no `/proc`.
  static var milliseconds: Int64? {
    guard let stat = Self.read("/proc/self/stat"), let startTicks = Self.startTicks(stat),
      let uptime = Self.read("/proc/uptime"), let now = Self.milliseconds(uptime: uptime)
    else { return nil }
    let ticksPerSecond = Int64(max(sysconf(CInt(_SC_CLK_TCK)), 1))
    return max(now - startTicks * 1_000 / ticksPerSecond, 0)
  }

  private static func read(_ path: String) -> String? {
    guard let bytes = try? FileBytes.read(path, limit: 4_096) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The first number of `/proc/uptime`, which includes time asleep, as the start does
  /// (proc_uptime(5)).
  static func milliseconds(uptime: String) -> Int64? {
    guard let seconds = uptime.split(separator: " ").first.flatMap({ Double($0) }),
      0..<1e12 ~= seconds
    else { return nil }
    return Int64(seconds * 1_000)
  }

  /// Field 22 of `/proc/self/stat`. The name before it may hold anything, so counting starts after
  /// its closing parenthesis, at field 3.
  static func startTicks(_ stat: String) -> Int64? {
    guard let close = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    return fields.count > 19 ? Int64(fields[19]) : nil
  }
}
