// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The `process_*` metrics that Prometheus's own client libraries export.
///
/// Source: Prometheus documentation, "Writing client libraries", standard process metrics; the
/// figures come from Linux's `/proc/self` (proc(5)).
package struct ProcessMetrics: MetricSource {
  private let startTimeSeconds: Int

  package init() {
    self.startTimeSeconds = Glibc.time(nil)
  }

  package func expose(into text: inout ExpositionText) {
    if let usage = Self.usage() {
      let ticks = UInt64(max(sysconf(Int32(_SC_CLK_TCK)), 1))
      let pages = UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1))
      text.family(
        "process_cpu_seconds_total", .counter, help: "User and system CPU time in seconds.")
      let nanoseconds = usage.cpuTicks * (1_000_000_000 / ticks)
      text.sample(
        "process_cpu_seconds_total", [], ExpositionText.seconds(nanoseconds: nanoseconds))
      text.family(
        "process_resident_memory_bytes", .gauge, help: "Resident memory size in bytes.")
      text.sample("process_resident_memory_bytes", [], "\(usage.residentPages * pages)")
      text.family("process_virtual_memory_bytes", .gauge, help: "Virtual memory size in bytes.")
      text.sample("process_virtual_memory_bytes", [], "\(usage.virtualBytes)")
      text.family("process_threads", .gauge, help: "Number of operating system threads.")
      text.sample("process_threads", [], "\(usage.threads)")
    }
    text.family(
      "process_start_time_seconds", .gauge, help: "Start time in seconds since 1970.")
    text.sample("process_start_time_seconds", [], "\(self.startTimeSeconds)")
    if let count = Self.openFileDescriptors() {
      text.family("process_open_fds", .gauge, help: "Number of open file descriptors.")
      text.sample("process_open_fds", [], "\(count)")
    }
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

  private static func openFileDescriptors() -> Int? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = 0
    while unsafe readdir(directory) != nil { count += 1 }
    // Neither `.` and `..` nor the directory's own descriptor counts.
    return max(count - 3, 0)
  }
}
