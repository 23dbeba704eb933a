// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The `process_*` metrics that Prometheus's own client libraries export.
///
/// Source: Prometheus documentation, "Writing client libraries", standard process metrics; the
/// figures come from Linux's `/proc/self` (proc(5)).
package struct ProcessMetrics: MetricSource {
  private let startTimeSeconds: UInt64

  package init() {
    self.startTimeSeconds = UInt64(max(Glibc.time(nil), 0))
  }

  package func collect(into families: inout [FamilySnapshot]) {
    if let usage = Self.usage() {
      let ticks = UInt64(max(sysconf(Int32(_SC_CLK_TCK)), 1))
      let pages = UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1))
      families += [
        FamilySnapshot(
          "process_cpu_seconds_total", .counter, help: "User and system CPU time in seconds.",
          .seconds(nanoseconds: usage.cpuTicks * (1_000_000_000 / ticks))),
        Self.gauge(
          "resident_memory_bytes", "Resident memory size in bytes.", usage.residentPages * pages),
        Self.gauge("virtual_memory_bytes", "Virtual memory size in bytes.", usage.virtualBytes),
        Self.gauge("threads", "Number of operating system threads.", usage.threads),
      ]
    }
    families.append(
      Self.gauge(
        "start_time_seconds", "Start time in seconds since 1970.", self.startTimeSeconds))
    if let count = Self.openFileDescriptors() {
      families.append(Self.gauge("open_fds", "Number of open file descriptors.", count))
    }
    if let limit = Self.limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue)) {
      families.append(
        Self.gauge("max_fds", "Number of file descriptors that may be open.", limit))
    }
  }

  private static func gauge(_ name: String, _ help: String, _ value: UInt64) -> FamilySnapshot {
    FamilySnapshot("process_" + name, .gauge, help: help, MetricNumber(clamping: value))
  }

  /// A limit in force (getrlimit(2)); nil if there is none.
  private static func limit(_ resource: __rlimit_resource_t) -> UInt64? {
    var limit = rlimit()
    // The kernel fills it in while it is borrowed.
    guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur != .max else { return nil }
    return UInt64(limit.rlim_cur)
  }

  private struct Usage {
    var cpuTicks: UInt64
    var threads: UInt64
    var virtualBytes: UInt64
    var residentPages: UInt64
  }

  /// Fields 14, 15, 20, 23 and 24 of `/proc/self/stat`; the name before them may hold anything,
  /// so counting starts after its closing parenthesis, at field 3.
  private static func usage() -> Usage? {
    guard let stat = Self.read("/proc/self/stat"), let close = stat.lastIndex(of: ")") else {
      return nil
    }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
      let threads = UInt64(fields[17]), let virtual = UInt64(fields[20]),
      let resident = UInt64(fields[21])
    else { return nil }
    return Usage(
      cpuTicks: user + system, threads: threads, virtualBytes: virtual, residentPages: resident)
  }

  private static func read(_ path: String) -> String? {
    // open(2) reads the path as a C string, which lives for the call.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // The kernel writes at most what the buffer holds, and says how much.
    return unsafe String(unsafeUninitializedCapacity: 1024) { buffer in
      unsafe max(Glibc.read(descriptor, buffer.baseAddress, buffer.count), 0)
    }
  }

  private static func openFileDescriptors() -> UInt64? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // Neither `.` and `..` nor the directory's own descriptor counts.
    return UInt64(max(count - 3, 0))
  }
}
