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

/// The same numbers on every run: Steele, Lea and Flood's SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    self.state = seed
  }

  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
