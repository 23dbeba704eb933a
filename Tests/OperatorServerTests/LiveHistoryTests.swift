// SPDX-License-Identifier: Apache-2.0

import Foundation
import Telemetry
import Testing

@testable import OperatorServer

@Suite struct LiveHistoryTests {
  private func calls(ok: Int64, failed: Int64 = 0) -> [FamilySnapshot] {
    func labels(_ code: String) -> [MetricLabel] { [MetricLabel(name: "code", value: code)] }
    let failure = ["method": "Describe", "code": "UNAVAILABLE", "reason": "CONNECTION"]
    return [
      FamilySnapshot(
        "iot_jobs_gateway_requests_total", .counter, help: "",
        samples: [
          FamilySnapshot.Sample(labels("OK"), MetricNumber(ok)),
          FamilySnapshot.Sample(labels("UNAVAILABLE"), MetricNumber(failed)),
        ]),
      FamilySnapshot(
        "iot_jobs_gateway_failures_total", .counter, help: "",
        samples: [
          FamilySnapshot.Sample(
            failure.map { MetricLabel(name: $0, value: $1) }, MetricNumber(failed))
        ]),
    ]
  }

  private func read(_ history: LiveHistory, after: UInt64? = nil) throws -> [String: Any] {
    let bytes = JSONTree.object(history.members(after: after)).bytes
    return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  private func series(_ name: String, _ read: [String: Any]) -> [Double]? {
    (read["series"] as? [String: [Any]])?[name]?.compactMap { $0 as? Double }
  }

  @Test func `a moment is what came since the last one`() throws {
    let history = LiveHistory()
    history.take(self.calls(ok: 100), atEpochSeconds: 1_000)
    #expect(try self.read(history)["time"] as? [Double] == [])
    history.take(self.calls(ok: 110, failed: 4), atEpochSeconds: 1_002)
    history.take(self.calls(ok: 110, failed: 4), atEpochSeconds: 1_004)
    let read = try self.read(history)
    #expect(read["time"] as? [Double] == [1_002, 1_004])
    #expect(read["last"] as? Int == 2)
    #expect(self.series("calls.ok", read) == [5, 0])
    #expect(self.series("calls.failed", read) == [2, 0])
  }

  @Test func `whoever has some is sent the rest, whoever is of another time all`() throws {
    let history = LiveHistory()
    for moment in 0...5 {
      history.take(self.calls(ok: Int64(moment)), atEpochSeconds: 1_000 + 2 * Double(moment))
    }
    #expect(try self.read(history, after: 3)["time"] as? [Double] == [1_008, 1_010])
    #expect(try self.read(history, after: 5)["time"] as? [Double] == [])
    #expect((try self.read(history, after: 6)["time"] as? [Double])?.count == 5)
  }

  @Test func `the oldest moments make room`() throws {
    let history = LiveHistory(capacity: 2)
    for moment in 0...4 {
      history.take(self.calls(ok: 0), atEpochSeconds: 1_000 + 2 * Double(moment))
    }
    let read = try self.read(history)
    #expect(read["time"] as? [Double] == [1_006, 1_008])
    #expect(read["capacity"] as? Int == 2)
  }

  @Test func `failures are summed over what is kept, and forgotten with it`() throws {
    let history = LiveHistory(capacity: 2)
    func failures() throws -> [[String: Any]] {
      try #require(try self.read(history)["failures"] as? [[String: Any]])
    }
    history.take(self.calls(ok: 0, failed: 7), atEpochSeconds: 1_000)
    #expect(try failures().isEmpty)
    history.take(self.calls(ok: 0, failed: 9), atEpochSeconds: 1_002)
    history.take(self.calls(ok: 0, failed: 12), atEpochSeconds: 1_004)
    let told = try failures()
    #expect(told.count == 1)
    #expect(told.first?["reason"] as? String == "CONNECTION")
    #expect(told.first?["outcome"] as? String == "failed")
    #expect(told.first?["count"] as? Int == 5)
    #expect(told.first?["last"] as? Int == 1_004)
    for moment in 3...4 {
      history.take(self.calls(ok: 0, failed: 12), atEpochSeconds: 1_000 + 2 * Double(moment))
    }
    #expect(try failures().isEmpty)
  }

  @Test func `a clock that was set back makes no moment`() throws {
    let history = LiveHistory()
    history.take(self.calls(ok: 0), atEpochSeconds: 1_000)
    history.take(self.calls(ok: 8), atEpochSeconds: 900)
    #expect(try self.read(history)["time"] as? [Double] == [])
    history.take(self.calls(ok: 10), atEpochSeconds: 902)
    #expect(self.series("calls.ok", try self.read(history)) == [1])
  }

  @Test func `what AWS refused is sorted by whose turn it is`() {
    func outcome(_ status: String, _ error: String) -> CallOutcome? {
      let labels = ["operation": "Describe", "http_status": status, "error": error]
      let sample = FamilySnapshot.Sample(
        labels.map { MetricLabel(name: $0, value: $1) }, MetricNumber(1))
      let reading = MetricsReading([
        FamilySnapshot(
          "iot_jobs_gateway_upstream_requests_total", .counter, help: "", samples: [sample])
      ])
      return LiveFailures.totals(reading).keys.first?.outcome
    }
    #expect(outcome("200", "") == nil)
    #expect(outcome("200", "InternalFailure") == .failed)
    #expect(outcome("404", "ResourceNotFoundException") == .caller)
    #expect(outcome("429", "ThrottlingException") == .limited)
    #expect(outcome("403", "ForbiddenException") == .failed)
    #expect(outcome("", "") == .failed)
  }
}
