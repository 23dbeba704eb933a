// SPDX-License-Identifier: Apache-2.0

import Foundation
import JobsAPI
import Testing

@testable import TrafficPolicy

/// What botocore's standard mode repeats, see Tests/Vectors/retries.py.
private struct RetryVectors: Decodable {
  struct Failure: Decodable {
    var retried: Bool
    var cost: Int
  }

  var statuses: [Int]
  /// By the error's name, which is empty for none.
  var retriedAt: [String: Set<Int>]
  var failures: [String: Failure]

  static func read() throws -> RetryVectors {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Vectors/retries.json")
    return try JSONDecoder().decode(RetryVectors.self, from: Data(contentsOf: file))
  }
}

@Suite struct RetryReasonTests {
  private static func refusal(_ name: String, _ status: Int) -> AWSRefusal {
    AWSRefusal(
      name: name.isEmpty ? "\(status)" : name, httpStatus: status, message: "",
      kind: AWSErrorKind(name: name.isEmpty ? nil : name, httpStatus: status, message: ""))
  }

  @Test func `what AWS's own client repeats is repeated, and 429 without a name`() throws {
    let vectors = try RetryVectors.read()
    #expect(vectors.retriedAt.count > 25)
    for (name, retried) in vectors.retriedAt {
      for status in vectors.statuses {
        let reason = RetryReason(.refused(Self.refusal(name, status)))
        // A 429 is a throttle under any name.
        let isRepeated = retried.contains(status) || status == 429
        #expect((reason != nil) == isRepeated, "\(name) \(status)")
      }
    }
  }

  @Test(arguments: [
    ("unreachable", JobsFailure.Cause.unreachable("refused")),
    ("interrupted", .interrupted("closed")),
    ("timeout", .attemptTimedOut(requestSent: true)),
    ("timeout", .attemptTimedOut(requestSent: false)),
  ])
  func `failures of connections cost what they cost there`(
    kind: String, cause: JobsFailure.Cause
  ) throws {
    let failure = try #require(try RetryVectors.read().failures[kind])
    let reason = RetryReason(cause)
    #expect((reason != nil) == failure.retried)
    #expect(reason?.cost == failure.cost)
  }

  @Test(
    arguments: [
      .overloaded("pool"), .draining, .circuitOpen(retryAfterMilliseconds: 1),
      .endpointUnknown("searched for"), .budgetExhausted(.read, retryAfterMilliseconds: 1),
      .thingLimited(.read, retryAfterMilliseconds: 1), .credentialsUnavailable("none"),
      .notCached, .invalid([]), .malformedResponse("garbage"),
      .deadlineExceeded(mayHaveBeenApplied: false), .cancelled(mayHaveBeenApplied: false),
      .overtaken(JobExecutionState()),
    ] as [JobsFailure.Cause])
  func `what failed here is not repeated, nor what cannot be read`(cause: JobsFailure.Cause) {
    #expect(RetryReason(cause) == nil)
  }

  @Test func `the words for it`() {
    #expect(RetryReason(Ends.throttled) == .throttled)
    #expect(RetryReason(Ends.unavailable) == .unavailable)
    #expect(RetryReason(Ends.badGateway) == .unavailable)
    #expect(RetryReason(Ends.reset) == .connection)
    #expect(RetryReason(Ends.timeout) == .timeout)
    #expect(RetryReason.allCases.map(\.rawValue).count == Set(RetryReason.allCases).count)
  }
}
