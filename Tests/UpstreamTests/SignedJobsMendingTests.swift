// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import NIOHTTP1
import Testing

@testable import Upstream

/// Signatures that are refused for what can be mended.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SignedJobsMendingTests {
  private static let skewed = #"{"__type": "RequestTimeTooSkewed", "message": "no"}"#
  private static let expired = #"{"__type": "ExpiredTokenException", "message": "no"}"#
  private static let spare = Credential(accessKeyID: "AKIDSPARE", secretAccessKey: "other")

  /// A server two hours ahead of the clock of the bench.
  private static let isAhead: @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction =
    { request in
      request.head.headers["x-amz-date"] == ["20260102T050405Z"]
        ? .answer()
        : .answer(
          status: 403, body: Self.skewed, headers: [("Date", "Fri, 02 Jan 2026 05:04:05 GMT")])
    }

  private static func demands(
    key: String
  ) -> @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction {
    { request in
      request.head.headers["authorization"].first?.contains("Credential=\(key)/") == true
        ? .answer() : .answer(status: 403, body: Self.expired)
    }
  }

  @Test func `a clock that is off is made up for, once for all calls`() async throws {
    let bench = try await Bench(react: Self.isAhead)
    #expect(try await bench.update().get().trace.attempts == 2)
    #expect(try await bench.describe().get().trace.attempts == 1)
    #expect(bench.witness.clockCorrections == [7_200])
    #expect(
      bench.server.seen.requests.flatMap { $0.head.headers["amz-sdk-request"] }
        == ["attempt=1", "attempt=2; max=2", "attempt=1"])
    #expect(bench.witness.timesOutsideOfLoop == 0)
  }

  @Test func `a server that is never content is asked twice`() async throws {
    let bench = try await Bench { request in
      // Its clock runs away.
      let hour = 10 + request.number
      return .answer(
        status: 403, body: Self.skewed,
        headers: [("Date", "Fri, 02 Jan 2026 \(hour):04:05 GMT")])
    }
    let failure = await bench.update().failure
    guard case .refused(let refusal) = failure?.cause else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(refusal.kind == .clockSkew)
    #expect(failure?.trace.attempts == 2)
    #expect(bench.server.seen.requests.count == 2)
  }

  @Test func `without a Date the refusal stands`() async throws {
    let bench = try await Bench { _ in .answer(status: 403, body: Self.skewed) }
    #expect(await bench.describe().failure?.trace.attempts == 1)
    #expect(bench.witness.clockCorrections.isEmpty)
  }

  @Test func `a credential that AWS finds expired gives way to another one`() async throws {
    let bench = try await Bench(spare: Self.spare, react: Self.demands(key: "AKIDSPARE"))
    #expect(try await bench.update().get().trace.attempts == 2)
    #expect(bench.witness.rejected.map(\.accessKeyID) == ["AKIDEXAMPLE"])
    #expect(try await bench.update().get().trace.attempts == 1)
  }

  @Test func `where there is no other one AWS is not asked again`() async throws {
    let bench = try await Bench(react: Self.demands(key: "AKIDSPARE"))
    let failure = await bench.describe().failure
    #expect(failure?.trace.attempts == 1)
    #expect(bench.witness.rejected.map(\.accessKeyID) == ["AKIDEXAMPLE"])
  }

  @Test func `another one is tried once`() async throws {
    let bench = try await Bench(spare: Self.spare, react: Self.demands(key: "NOBODY"))
    let failure = await bench.describe().failure
    #expect(failure?.trace.attempts == 2)
    #expect(bench.witness.rejected.map(\.accessKeyID) == ["AKIDEXAMPLE"])
  }
}
