// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing
import TrafficPolicy

/// Why entries leave in the order that they do: hit ratios on one trace, against the two orders
/// that everybody knows.
@Suite struct ScanResistanceTests {
  /// Things asked for by Zipf's law, with scans in between that ask for many things once.
  private struct Trace {
    private let cumulated: [Double]
    private var random: SplitMix64
    private var nextScanned = 1_000_000

    init(things: Int, exponent: Double, seed: UInt64) {
      var sum = 0.0
      self.cumulated = (1...things).map { rank in
        sum += 1 / Self.power(Double(rank), exponent)
        return sum
      }
      self.random = SplitMix64(seed: seed)
    }

    /// The logarithm and exponential of the C library are not needed for halves.
    private static func power(_ base: Double, _ exponent: Double) -> Double {
      exponent == 1 ? base : base.squareRoot() * base.squareRoot().squareRoot()
    }

    mutating func popular() -> Int {
      let point = Double.random(in: 0..<(self.cumulated.last ?? 1), using: &self.random)
      var (low, high) = (0, self.cumulated.count)
      while low < high {
        let middle = (low + high) / 2
        if self.cumulated[middle] < point { low = middle + 1 } else { high = middle }
      }
      return low
    }

    /// - Parameter scanned: how many things each scan asks for, once in 5,000 requests.
    mutating func requests(_ count: Int, scanned: Int) -> [Int] {
      var requests: [Int] = []
      while requests.count < count {
        for _ in 0..<5_000 { requests.append(self.popular()) }
        for _ in 0..<scanned {
          requests.append(self.nextScanned)
          self.nextScanned += 1
        }
      }
      return requests
    }
  }

  /// As many entries as the store turned out to hold, the first in or the least recently used out.
  private static func hits(of requests: [Int], entries: Int, renewing: Bool) -> Int {
    var stamps: [Int: Int] = [:]
    var queue: [(thing: Int, stamp: Int)] = []
    var (head, hits) = (0, 0)
    for (now, thing) in requests.enumerated() {
      let isHit = stamps[thing] != nil
      if isHit { hits += 1 }
      guard !isHit || renewing else { continue }
      stamps[thing] = now
      queue.append((thing, now))
      while stamps.count > entries {
        // A stamp that was renewed has another place further back.
        if stamps[queue[head].thing] == queue[head].stamp { stamps[queue[head].thing] = nil }
        head += 1
      }
    }
    return hits
  }

  private static func hitsOfStore(on requests: [Int], maxBytes: Int) -> (hits: Int, entries: Int) {
    var store = ReadStore(maxBytes: maxBytes)
    var (hits, entries) = (0, 0)
    for thing in requests {
      let key = CacheSamples.key("thing-\(thing)")
      if store.lookup(key, at: 0) != nil {
        hits += 1
      } else {
        _ = store.store(CacheSamples.read(key), at: 0)
      }
      entries = max(entries, store.count)
    }
    return (hits, entries)
  }

  @Test(arguments: [0, 2_000], [0.75, 1])
  func `more is found than with the first in, or the least recently used, out`(
    scanned: Int, exponent: Double
  ) {
    var trace = Trace(things: 5_000, exponent: exponent, seed: 42)
    let requests = trace.requests(60_000, scanned: scanned)
    let (hits, entries) = Self.hitsOfStore(on: requests, maxBytes: 200 << 10)
    let fifo = Self.hits(of: requests, entries: entries, renewing: false)
    let lru = Self.hits(of: requests, entries: entries, renewing: true)
    let scale = 100.0 / Double(requests.count)
    let ratios = (Double(hits) * scale, Double(lru) * scale, Double(fifo) * scale)
    // Points of a hundred.
    let margin = scanned == 0 ? 2.0 : 3.0
    #expect(ratios.0 > ratios.1 + margin, "\(ratios) with \(entries) entries")
    #expect(ratios.0 > ratios.2 + margin, "\(ratios) with \(entries) entries")
  }
}
