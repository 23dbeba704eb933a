// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import TrafficPolicy

/// What stored reads cost, in time for each operation and in memory for an entry.
enum ReadStoreBenchmark {
  private static let batch = 100_000
  private static let document = String(repeating: "{\"path\":\"/opt/fw\"},", count: 25)

  static func run() {
    for count in [1_000, 100_000] { self.measure(things: count, maxBytes: 1 << 30) }
    self.measure(things: 10_000_000, maxBytes: 16 << 20)
    self.measure(things: 1_000_000, maxBytes: 1 << 30)
    self.measureRemovals()
    self.measureDocuments()
  }

  private static func key(_ number: Int) -> ReadKey {
    // A text of its own for each, as it comes off the wire.
    let jobID = String(decoding: Array("firmware-2024-03-01".utf8), as: UTF8.self)
    return ReadKey(thing: "sensor-eu-\(number)", .execution(jobID: jobID, number: nil))
  }

  private static func read(_ number: Int, flight: UInt64) -> StoredRead {
    let key = self.key(number)
    var execution = JobExecution()
    execution.jobID = "firmware-2024-03-01"
    execution.thingName = key.thing
    execution.status = .inProgress
    execution.statusDetails = StatusDetails([("progress", "45%"), ("step", "install")])
    execution.versionNumber = 2
    execution.jobDocument = String(decoding: Array(self.document.utf8), as: UTF8.self)
    return StoredRead(
      .execution(execution), to: key, withDocument: true, flight: flight, at: 0,
      lifetime: Lifetime(freshUntil: .max))
  }

  /// Distinct things, one entry each, with a document of 500 bytes.
  private static func measure(things count: Int, maxBytes: Int) {
    let bytesBefore = Figures.allocatedBytes
    var store = ReadStore(maxBytes: maxBytes)
    var (storing, finding, missing) = (0.0, 0.0, 0.0)
    let step = min(count, self.batch)
    for first in stride(from: 0, to: count, by: step) {
      let reads = (first..<first + step).map { self.read($0, flight: 1) }
      storing += self.store(reads, in: &store)
    }
    let bytes = Double(Figures.allocatedBytes - bytesBefore)
    let entries = Double(store.count)
    let rounds = 10
    for _ in 0..<rounds {
      // Of the youngest, all of which are there.
      let known = (0..<self.batch).map { _ in
        self.key(count - 1 - Int.random(in: 0..<min(count, store.count / 2)))
      }
      finding += self.find(known, in: &store)
      let unknown = (0..<self.batch).map { self.key(count + $0) }
      missing += self.find(unknown, in: &store)
    }
    let lookups = Double(rounds * self.batch)
    Figures.show(
      "cache, \(count) things in \(maxBytes >> 20) MiB", (storing / Double(count), "ns a store"),
      (finding / lookups, "ns a hit"),
      (missing / lookups, "ns a miss"), (entries, "entries"), (bytes / entries, "bytes an entry"),
      (bytes / Double(store.bytes) * 100, "% of the estimate"))
  }

  private static func store(_ reads: [StoredRead], in store: inout ReadStore) -> Double {
    Figures.nanoseconds {
      for read in reads { _ = store.store(read, at: 0) }
    }
  }

  private static func find(_ keys: [ReadKey], in store: inout ReadStore) -> Double {
    Figures.nanoseconds {
      for key in keys { _ = store.lookup(key, at: 0) { $0 } }
    }
  }

  /// Writes to things with a few entries each, among many others.
  private static func measureRemovals() {
    var store = ReadStore(maxBytes: 1 << 30)
    for number in 0..<200_000 { _ = store.store(self.read(number, flight: 1), at: 0) }
    let names = (0..<self.batch).map { "sensor-eu-\($0)" }
    let time = Figures.nanoseconds {
      for name in names { store.removeAll(ofThing: name) }
    }
    let again = Figures.nanoseconds {
      for name in names { store.removeAll(ofThing: name) }
    }
    Figures.show(
      "cache, a write to a thing", (time / Double(self.batch), "ns with one entry"),
      (again / Double(self.batch), "ns with none"))
  }

  /// What it costs to look for presigned URLs.
  private static func measureDocuments() {
    let url =
      "https://fw.s3.amazonaws.com/v2.bin?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      + "&X-Amz-Date=20240301T115000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
      + "&X-Amz-Signature=9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d9f2b4c0d"
    let plain = String(repeating: "{\"path\":\"/opt/fw\"},", count: 2_048)
    self.measure(document: String(plain.prefix(2 << 10)), "2 KiB without a URL")
    self.measure(document: String(plain.prefix(32 << 10)), "32 KiB without a URL")
    self.measure(document: plain.prefix(32 << 10) + url, "32 KiB with a URL")
    let hostile = String(repeating: "&Signature=&Expires=1", count: (1 << 20) / 21)
    self.measure(document: hostile, "1 MiB of signatures")
  }

  private static func measure(document: String, _ name: String) {
    let lifetimes = Lifetimes(ReadCacheSettings())
    var execution = JobExecution()
    execution.jobDocument = document
    let rounds = 1_000_000 / document.utf8.count + 10
    let time = Figures.nanoseconds {
      for _ in 0..<rounds {
        _ = lifetimes.lifetime(
          of: .execution(execution), to: self.key(0), at: 0, epochSeconds: 1_709_294_400, random: 0)
      }
    }
    Figures.show("cache, a document, \(name)", (time / Double(rounds) / 1_000, "µs"))
  }
}
