// SPDX-License-Identifier: Apache-2.0

import CAllocationCount
import JobsAPI
import Testing

/// How often the steps of a call ask for memory. They may do so less often, and then the numbers here
/// follow; what a whole call asks for is held by Tests/Benchmarks/ratios.json.
@Suite(.enabled(if: allocations_are_counted)) struct AllocationTests {
  private static let describe = DescribeJobExecution(thingName: "plant-7:press-01", jobID: "j-1")
  private static let head = RESTResponseHead(status: 200)

  private static func execution(documentBytes: Int) -> JobExecution {
    var execution = JobExecution()
    execution.jobID = "firmware-2024-03-01"
    execution.thingName = "plant-7:press-01-of-the-hall"
    execution.status = .inProgress
    execution.statusDetails = StatusDetails([("progress", "50")])
    execution.queuedAtSeconds = 1_700_000_000
    execution.versionNumber = 3
    execution.jobDocument = String(repeating: "\"", count: documentBytes)
    return execution
  }

  /// Of the second time: the first looks up what is generic.
  private func allocations<Failure: Error>(of work: () throws(Failure) -> Void) throws(Failure)
    -> Int
  {
    try work()
    let before = allocations_of_this_thread()
    try work()
    return Int(allocations_of_this_thread() - before)
  }

  @Test func `decoding a request takes its texts and no more`() throws {
    var message: [UInt8] = []
    WireRequest.append(Self.describe, to: &message)
    #expect(try self.allocations { _ = try DescribeJobExecution(wire: message.span) } <= 6)
  }

  @Test func `a REST request takes its target and its body`() {
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .inProgress)
    update.statusDetails = StatusDetails([("progress", "51")])
    #expect(self.allocations { _ = Self.describe.restRequest } <= 8)
    #expect(self.allocations { _ = update.restRequest } <= 10)
  }

  @Test func `reading an answer takes as much for a long document as for a short one`() throws {
    let answers = [256, 32_768].map { bytes in
      JobExecution.answerBody(Self.execution(documentBytes: bytes))
    }
    let counts = try answers.map { answer in
      try self.allocations { _ = try Self.describe.readReply(Self.head, body: answer.span) }
    }
    // As a debug build reads it; one that is optimised takes 3 where this takes 31.
    #expect(counts[0] <= 31)
    #expect(counts[1] <= counts[0])
  }

  @Test func `encoding an answer takes as little memory whatever its size`() {
    for bytes in [256, 32_768] {
      let execution = Self.execution(documentBytes: bytes)
      let count = self.allocations {
        var output: [UInt8] = []
        WireResponse.appendDescribe(execution, to: &output)
      }
      #expect(count <= 3)
    }
  }
}
