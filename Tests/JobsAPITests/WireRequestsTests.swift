// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import JobsAPI

struct WireRequestsTests {
  private func update(_ bytes: ProtoBytes) throws(WireError) -> UpdateJobExecution {
    try UpdateJobExecution(wire: bytes.bytes.span)
  }

  private let minimalUpdate = ProtoBytes().text(1, "thing").text(2, "job").number(3, 2)

  private var fullUpdate: ProtoBytes {
    self.minimalUpdate.pair(4, "a", "1").pair(4, "b:c", "é 😀").number(6, Int64.max).number(7, 1)
      .number(8, 0).number(9, -5).number(10, -1)
  }

  @Test func `absent members stay absent`() throws {
    let call = try self.update(self.minimalUpdate)
    #expect(call == UpdateJobExecution(thingName: "thing", jobID: "job", status: .inProgress))
    let describe = try DescribeJobExecution(
      wire: ProtoBytes().text(1, "t").text(2, "$next").bytes.span)
    #expect(describe == DescribeJobExecution(thingName: "t", jobID: "$next"))
  }

  @Test func `every member of an update arrives`() throws {
    var expected = UpdateJobExecution(thingName: "thing", jobID: "job", status: .inProgress)
    expected.statusDetails = StatusDetails([("a", "1"), ("b:c", "é 😀")])
    expected.expectedVersion = .max
    expected.includeJobExecutionState = true
    expected.includeJobDocument = false
    expected.executionNumber = -5
    expected.stepTimeoutMinutes = -1
    #expect(try self.update(self.fullUpdate) == expected)
  }

  @Test func `every member of the other calls arrives`() throws {
    let describe = ProtoBytes().text(1, "t:1").text(2, "j").number(3, 0).number(4, 0)
    var expected = DescribeJobExecution(thingName: "t:1", jobID: "j")
    expected.executionNumber = 0
    expected.includeJobDocument = false
    #expect(try DescribeJobExecution(wire: describe.bytes.span) == expected)

    let pending = ProtoBytes().text(1, "t")
    #expect(
      try GetPendingJobExecutions(wire: pending.bytes.span)
        == GetPendingJobExecutions(thingName: "t")
    )

    let start = ProtoBytes().text(1, "t").pair(2, "k", "v").number(4, 10080)
    var started = StartNextPendingJobExecution(thingName: "t")
    started.statusDetails = StatusDetails([("k", "v")])
    started.stepTimeoutMinutes = 10080
    #expect(try StartNextPendingJobExecution(wire: start.bytes.span) == started)
  }

  @Test func `clearing the details sends an empty map, and not both`() throws {
    #expect(try self.update(self.minimalUpdate.number(5, 1)).statusDetails == .empty)
    #expect(try self.update(self.minimalUpdate.number(5, 0)).statusDetails == nil)
    let both = self.minimalUpdate.number(5, 1).pair(4, "k", "v")
    #expect(
      throws: WireError.invalid([
        FieldViolation(
          field: "clear_status_details", rule: "must not be set together with status_details")
      ])
    ) { try self.update(both) }
  }

  @Test func `each state has its number, and no other number is a state`() throws {
    for (index, state) in JobExecutionStatus.documented.enumerated() {
      let bytes = ProtoBytes().text(1, "t").text(2, "j").number(3, Int64(index + 1))
      #expect(try self.update(bytes).status == state)
      #expect(state.wireNumber == UInt32(index + 1))
    }
    for number: Int64 in [0, 9, 99, -1, .max, .min] {
      let bytes = ProtoBytes().text(1, "t").text(2, "j").number(3, number)
      #expect(throws: WireError.self) { try self.update(bytes) }
    }
  }

  @Test func `of a repeated field and of a repeated key the last wins`() throws {
    let bytes = self.minimalUpdate.pair(4, "k", "first").pair(4, "other", "x").pair(4, "k", "last")
      .text(1, "second").number(6, 1).number(6, 2)
    let call = try self.update(bytes)
    #expect(call.thingName == "second")
    #expect(call.expectedVersion == 2)
    #expect(call.statusDetails == StatusDetails([("k", "last"), ("other", "x")]))
  }

  @Test func `unknown fields are skipped`() throws {
    let bytes = ProtoBytes().number(99, 7).text(100, "x").tag(101, wireType: 5).raw([1, 2, 3, 4])
      .tag(102, wireType: 1).raw([1, 2, 3, 4, 5, 6, 7, 8]).raw(self.fullUpdate.bytes)
    #expect(try self.update(bytes) == self.update(self.fullUpdate))
  }

  @Test func `a NUL does not end a name`() {
    let bytes = ProtoBytes().text(1, "good\u{0}bad")
    #expect(
      throws: WireError.invalid([
        FieldViolation(field: "thing_name", rule: "must hold only [a-zA-Z0-9:_-]")
      ])
    ) { try GetPendingJobExecutions(wire: bytes.bytes.span) }
  }

  @Test(arguments: [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]])
  func `text that is not UTF-8 is named, not repaired`(text: [UInt8]) {
    let name = ProtoBytes().data(1, text)
    #expect(
      throws: WireError.invalid([
        FieldViolation(field: "thing_name", rule: "must be valid UTF-8")
      ])
    ) { try GetPendingJobExecutions(wire: name.bytes.span) }

    let value = self.minimalUpdate.data(4, ProtoBytes().text(1, "k").data(2, text).bytes)
    #expect(throws: WireError.self) { try self.update(value) }
    let key = self.minimalUpdate.data(4, ProtoBytes().data(1, text).text(2, "v").bytes)
    #expect(throws: WireError.self) { try self.update(key) }
  }

  @Test func `every cut of a message is refused or is a message of whole fields`() throws {
    let bytes = self.fullUpdate.bytes
    for end in 0..<bytes.count {
      // What matters is that no cut crashes and none reads past its end.
      let call = try? UpdateJobExecution(wire: bytes.span.extracting(0..<end))
      if let call { #expect(call.thingName == "thing") }
    }
    #expect(throws: WireError.self) { try UpdateJobExecution(wire: [UInt8]().span) }
  }

  @Test func `every changed byte is survived`() {
    let bytes = self.fullUpdate.bytes
    for index in bytes.indices {
      for value: UInt8 in [0, 1, 0x0B, 0x0C, 0x7F, 0x80, 0xFF] {
        var changed = bytes
        changed[index] = value
        _ = try? UpdateJobExecution(wire: changed.span)
        _ = try? StartNextPendingJobExecution(wire: changed.span)
      }
    }
  }

  @Test func `what is not protobuf is malformed`() {
    let hostile: [ProtoBytes] = [
      // A name as a number, a number as text.
      ProtoBytes().number(1, 5), self.minimalUpdate.text(6, "7"),
      // Lengths past the end, up to 64 bits.
      ProtoBytes().tag(1, wireType: 2).raw([5, 0x61]),
      ProtoBytes().tag(1, wireType: 2).raw([0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
      ProtoBytes().tag(1, wireType: 2).raw(ProtoBytes.varint(.max)),
      // A varint that does not end, alone and in a tag.
      ProtoBytes().tag(6, wireType: 0).raw(Array(repeating: 0xFF, count: 11)),
      ProtoBytes(bytes: Array(repeating: 0xFF, count: 20)),
      // Wire types that do not exist.
      ProtoBytes().tag(50, wireType: 6), ProtoBytes().tag(50, wireType: 7),
      // Groups, deep and shallow.
      ProtoBytes().tag(50, wireType: 3).tag(50, wireType: 4),
      ProtoBytes(bytes: Array(repeating: [0x93, 0x03], count: 20_000).flatMap { $0 }),
    ]
    for bytes in hostile {
      #expect(throws: WireError.malformed) { try self.update(bytes) }
    }
  }

  @Test func `the densest legal message is decoded`() throws {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:")
    var bytes = self.minimalUpdate
    var count = 0
    outer: for first in letters {
      for second in letters {
        bytes = bytes.pair(4, "\(first)\(second)", "v")
        count += 1
        if bytes.bytes.count > 65_536 { break outer }
      }
    }
    #expect(try self.update(bytes).statusDetails?.count == count)
  }

  @Test func `a message that asks for more memory than is allowed is refused`() {
    var bytes = self.minimalUpdate.bytes
    for _ in 0..<32_000 { bytes += [0x22, 0x00] }
    #expect(throws: WireError.tooComplex(limit: WireLimits.memoryBytes)) {
      try UpdateJobExecution(wire: bytes.span)
    }
  }

  @Test func `running out of memory at any point is an error and nothing else`() throws {
    let bytes = self.fullUpdate.number(99, 1).text(98, "unknown").bytes
    let whole = try UpdateJobExecution(wire: bytes.span)
    var succeeded = false
    for limit in stride(from: 0, through: 8192, by: 16) {
      do {
        #expect(try UpdateJobExecution(wire: bytes.span, memoryLimit: limit) == whole)
        succeeded = true
      } catch {
        #expect(error == .tooComplex(limit: limit))
        #expect(!succeeded)
      }
    }
    #expect(succeeded)
  }
}
