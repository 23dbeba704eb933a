// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import TrafficPolicy

/// Reads to fill a store with.
enum CacheSamples {
  static func key(_ thing: String, _ job: String = "update") -> ReadKey {
    ReadKey(thing: thing, .execution(jobID: job, number: nil))
  }

  static func execution(of key: ReadKey, document: String? = nil) -> JobExecution {
    var execution = JobExecution()
    execution.thingName = key.thing
    if case .execution(let jobID, let number) = key.subject {
      execution.jobID = jobID
      execution.executionNumber = number
    }
    execution.status = .queued
    execution.jobDocument = document
    return execution
  }

  static func read(
    _ key: ReadKey, flight: UInt64 = 1, at now: Int64 = 0, until end: Int64 = .max,
    documentBytes: Int = 0
  ) -> StoredRead {
    let document = documentBytes > 0 ? String(repeating: "x", count: documentBytes) : nil
    return StoredRead(
      .execution(self.execution(of: key, document: document)), to: key, withDocument: true,
      flight: flight, at: now, lifetime: Lifetime(freshUntil: end))
  }
}

extension ReadStore {
  /// The entry under a key, used as it is.
  mutating func lookup(_ key: ReadKey, at now: Int64) -> StoredRead? {
    self.lookup(key, at: now) { $0 }
  }
}
