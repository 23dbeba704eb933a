// SPDX-License-Identifier: Apache-2.0

import CMalloc
import JobsAPI
import Testing

@testable import TrafficPolicy

extension EncodedAnswer {
  /// Keeps as much as it may.
  fileprivate func fill() {
    self.keep([UInt8](repeating: 0, count: self.limitBytes))
  }
}

/// The estimates that the bound rests on, held against malloc's own count. Each is taken in a
/// process of its own, where nothing else allocates.
@Suite struct HeapBytesTests {
  /// Bytes in use; zero where a sanitizer has put its own malloc in place.
  private static var allocated: Int {
    let info = mallinfo2()
    return Int(info.uordblks) + Int(info.hblkhd)
  }

  private static func text(_ prefix: String, _ index: Int, length: Int) -> String {
    let start = "\(prefix)\(index)-"
    return start + String(repeating: "x", count: max(0, length - start.utf8.count))
  }

  /// Text in storage of its own and no larger than it needs, as the wire's readers make it.
  private static func exact(_ text: String) -> String {
    String(decoding: Array(text.utf8), as: UTF8.self)
  }

  private static func execution(_ index: Int, nameLength: Int, documentBytes: Int) -> StoredRead {
    let thing = Self.exact(Self.text("thing-", index, length: nameLength))
    let job = Self.exact(Self.text("job-", index, length: nameLength))
    let key = ReadKey(thing: thing, .execution(jobID: job, number: nil))
    var execution = CacheSamples.execution(of: key)
    execution.thingName = Self.exact(thing)
    execution.jobID = Self.exact(job)
    execution.statusDetails = StatusDetails([
      ("progress", "45%"), (Self.exact("a-rather-long-name"), Self.exact("\(index)-and-its-value")),
    ])
    if documentBytes > 0 {
      execution.jobDocument = Self.exact(Self.text("{", index, length: documentBytes))
    }
    return StoredRead(
      .execution(execution), to: key, withDocument: true, flight: 1, at: 0,
      lifetime: Lifetime(freshUntil: .max))
  }

  private static func refusal(_ index: Int) -> StoredRead {
    let key = ReadKey(
      thing: Self.exact("some-thing-\(100_000 + index)"), .execution(jobID: "$next", number: nil))
    let refusal = AWSRefusal(
      name: Self.exact("ResourceNotFoundException"), httpStatus: 404,
      message: Self.exact("Thing some-thing-\(index) does not exist."), kind: .resourceNotFound)
    return StoredRead(
      .refusal(refusal), to: key, withDocument: true, flight: 1, at: 0,
      lifetime: Lifetime(freshUntil: .max))
  }

  private static func lists(_ index: Int) -> StoredRead {
    let key = ReadKey(thing: Self.exact("some-thing-\(100_000 + index)"), .pending)
    var lists = PendingJobExecutions()
    for job in 0..<index % 11 {
      var summary = JobExecutionSummary()
      summary.jobID = Self.exact("some-longer-job-id-\(job)")
      lists.queued.append(summary)
    }
    return StoredRead(
      .pending(lists), to: key, withDocument: true, flight: 1, at: 0,
      lifetime: Lifetime(freshUntil: .max))
  }

  /// What malloc gave out for each byte of the store's own count.
  private static func realBytesPerCounted(_ count: Int, _ read: (Int) -> StoredRead) -> Double {
    var store = ReadStore(maxBytes: 1 << 30)
    let before = Self.allocated
    for index in 0..<count {
      let read = read(index)
      read.encoding(withDocument: true)?.fill()
      _ = store.store(read, at: 0)
    }
    let real = Self.allocated - before
    let isFull = store.count == count
    return real == 0 || !isFull ? 1 : Double(real) / Double(store.bytes)
  }

  private static let tolerated = 0.95...1.05

  @Test func `short names without a document`() async {
    await #expect(processExitsWith: .success) {
      let ratio = Self.realBytesPerCounted(3_000) {
        Self.execution($0, nameLength: 12, documentBytes: 0)
      }
      #expect(Self.tolerated.contains(ratio), "\(ratio)")
    }
  }

  @Test func `long names and a document`() async {
    await #expect(processExitsWith: .success) {
      let ratio = Self.realBytesPerCounted(3_000) {
        Self.execution($0, nameLength: 100, documentBytes: 1_500)
      }
      #expect(Self.tolerated.contains(ratio), "\(ratio)")
    }
  }

  @Test func `documents of many sizes`() async {
    await #expect(processExitsWith: .success) {
      let ratio = Self.realBytesPerCounted(3_000) {
        Self.execution($0, nameLength: $0 % 64, documentBytes: $0 * 7 % 5_000)
      }
      #expect(Self.tolerated.contains(ratio), "\(ratio)")
    }
  }

  @Test func `refusals and pending lists`() async {
    await #expect(processExitsWith: .success) {
      let ratio = Self.realBytesPerCounted(3_000) {
        $0 % 2 == 0 ? Self.refusal($0) : Self.lists($0)
      }
      #expect(Self.tolerated.contains(ratio), "\(ratio)")
    }
  }

  @Test func `a store at its bound, after many have come and gone`() async {
    await #expect(processExitsWith: .success) {
      let before = Self.allocated
      var store = ReadStore(maxBytes: 4 << 20)
      for index in 0..<20_000 {
        let read = Self.execution(index, nameLength: 40, documentBytes: 300)
        read.encoding(withDocument: true)?.fill()
        _ = store.store(read, at: 0)
      }
      let real = Self.allocated - before
      // What holes in the heap cost comes on top; malloc reuses most of them here.
      let bound = Double(4 << 20)
      #expect(real == 0 || (0.95...1.05).contains(Double(real) / bound), "\(real)")
      #expect(store.bytes <= 4 << 20)
    }
  }
}
