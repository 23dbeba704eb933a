// SPDX-License-Identifier: Apache-2.0

import CAllocationCount
import CMalloc
import Glibc

/// Measuring and showing.
enum Figures {
  /// Bytes that the allocator has given out, its own headers included. mallinfo(3).
  static var allocatedBytes: Int {
    let info = mallinfo2()
    return Int(info.uordblks + info.hblkhd)
  }

  /// Bytes of the process in memory, from `/proc/self/statm`. proc(5).
  static var residentBytes: Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var buffer = [CChar](repeating: 0, count: 128)
    // fgets writes at most as much as it is told there is.
    guard unsafe fgets(&buffer, Int32(buffer.count), file) != nil else { return 0 }
    let text = String(decoding: buffer.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// The processor time of some work of this thread, whatever else runs on the machine.
  static func nanoseconds(_ work: () -> Void) -> Double {
    let start = self.processorTime()
    work()
    return self.processorTime() - start
  }

  private static func processorTime() -> Double {
    var time = timespec()
    // The kernel fills it in while it is borrowed.
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  /// Shows what a piece of work takes each time, once it has been done often enough to be quick.
  static func measure(_ name: String, rounds: Int = 20_000, _ work: () -> Void) {
    for _ in 0..<rounds / 10 { work() }
    let allocations = allocations_of_this_thread()
    let time = self.nanoseconds {
      for _ in 0..<rounds { work() }
    }
    let asked = Double(allocations_of_this_thread() - allocations)
    self.show(
      name, (time / Double(rounds), "ns"), (asked / Double(rounds), "allocations"))
  }

  /// One line: a name, then figures with their units.
  static func show(_ name: String, _ figures: (value: Double, unit: String)...) {
    let texts = figures.map { figure in
      let tenths = Int((figure.value * 10).rounded())
      return "\(tenths / 10).\(tenths % 10) \(figure.unit)"
    }
    print(name + ": " + texts.joined(separator: ", "))
  }
}
