// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import GatewayTestKit
import JobsAPI
import Testing

@testable import GatewayServer

/// The tables in Errors.md are what callers are told, no more and no less.
struct DocumentedErrorsTests {
  /// What tells the rows of one table apart.
  private struct Row: Hashable, CustomStringConvertible {
    var code: String
    var reason: String
    var retry: String

    init(code: String, reason: String, retry: String) {
      self.code = code
      self.reason = reason
      self.retry = retry
    }

    init(_ failure: RPCFailure) {
      self.code = "\(failure.code.name)"
      self.reason = failure.reason.rawValue
      self.retry =
        switch failure.retry {
        case .unspecified: ""
        case .after: "later"
        case .elsewhere: "at once"
        case .never: "never"
        }
    }

    var description: String { "\(self.code) \(self.reason) \(self.retry)" }
  }

  /// Failures that no cause in StatusMapping's table stands for.
  private static let others: [RPCFailure] = [
    StatusMapping.memoryFull, StatusMapping.connectionClosing, StatusMapping.requestTimedOut,
    .unauthenticated, .policyDenied(.describe), .watchExpired, .tooManyWatches(1, "watches"),
    RPCFailure(.resourceExhausted, .headersTooLarge, message: ""),
    RPCFailure(GRPCStatus(.resourceExhausted)), RPCFailure(GRPCStatus(.unimplemented)),
    RPCFailure(GRPCStatus(.unavailable)), RPCFailure(GRPCStatus(.internal)),
    RPCFailure(GRPCStatus(.invalidArgument)), RPCFailure(WireError.malformed),
    RPCFailure(WireError.tooComplex(limit: 1)),
    // Health checks and reflection.
    RPCFailure(.notFound, .resourceNotFound, message: ""),
    RPCFailure(.invalidArgument, .invalidRequest, message: ""),
    RPCFailure(.resourceExhausted, .quotaExceeded, message: ""),
  ]

  private static let overtaken: RPCFailure = {
    var update = UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded)
    update.expectedVersion = 4
    return StatusMapping.failure(
      for: JobsFailure(.overtaken(JobExecutionState())), of: .update(update))
  }()

  /// What callers are told, with what a write gets where a read gets the row.
  private static func told(by domain: FailureDomain) -> [Row: String] {
    var writes: [Row: Set<Bool>] = [:]
    for row in StatusMappingTests.table {
      let failure = JobsFailure(row.cause)
      for (read, write) in zip(StatusMappingTests.reads, StatusMappingTests.writes) {
        let read = StatusMapping.failure(for: failure, of: read)
        let write = StatusMapping.failure(for: failure, of: write)
        if read.domain == domain { writes[Row(read), default: []].insert(write.code == .unknown) }
        if write.code == .unknown, write.domain == domain { writes[Row(write)] = [] }
      }
    }
    for failure in self.others + [self.overtaken] where failure.domain == domain {
      writes[Row(failure), default: []].insert(false)
    }
    return writes.mapValues { outcomes in
      switch (outcomes.contains(true), outcomes.contains(false)) {
      case (true, true): "either"
      case (true, false): "unknown"
      case (false, true): "same"
      case (false, false): ""
      }
    }
  }

  @Test(arguments: [("aws", FailureDomain.aws), ("gateway", .gateway)])
  func `the table is what callers are told`(name: String, domain: FailureDomain) throws {
    let rows = try DocumentedTable("errors: \(name)", in: "Errors").rows
    var documented: [Row: String] = [:]
    for cells in rows {
      try #require(cells.count == 5)
      #expect(!cells[4].isEmpty)
      let row = Row(code: cells[0], reason: cells[1], retry: cells[2])
      #expect(documented.updateValue(cells[3], forKey: row) == nil, "\(row) stands there twice")
    }
    let told = Self.told(by: domain)
    for (row, write) in told { #expect(documented[row] == write, "\(row)") }
    for row in documented.keys { #expect(told[row] != nil, "\(row) is never told") }
  }

  @Test func `every reason stands in a table`() throws {
    let documented = try ["aws", "gateway"].flatMap {
      try DocumentedTable("errors: \($0)", in: "Errors").rows.map { $0[1] }
    }
    for reason in FailureReason.allCases {
      #expect(documented.contains(reason.rawValue), "\(reason.rawValue)")
    }
  }
}
