// SPDX-License-Identifier: Apache-2.0

/// What the cache of reads holds and how it answers. Costs next to nothing to tell.
package struct CacheSnapshot: Equatable, Sendable {
  /// A share of all things; there are as many as event loops.
  package struct Part: Equatable, Sendable {
    package var bytes: Int
    package var maxBytes: Int
    package var entries: Int
    /// Reads under way upstream.
    package var flights: Int
    package var evictions: ReadStore.Evictions
  }

  /// Reads by how they were answered, since the start.
  package struct Answers: Equatable, Sendable {
    package var hits: UInt64
    package var misses: UInt64
    package var stale: UInt64
    package var coalesced: UInt64
    package var bypasses: UInt64
    /// Refused, as the caller would not have AWS asked.
    package var notCached: UInt64

    /// The share of reads that cost no call of their own upstream; nil before the first.
    package var hitRate: Double? {
      let spared = self.hits + self.stale + self.coalesced
      let all = spared + self.misses + self.bypasses
      return all == 0 ? nil : Double(spared) / Double(all)
    }
  }

  package var answers: Answers
  package var parts: [Part]

  package var bytes: Int { self.parts.reduce(0) { $0 + $1.bytes } }
  package var maxBytes: Int { self.parts.reduce(0) { $0 + $1.maxBytes } }
  package var entries: Int { self.parts.reduce(0) { $0 + $1.entries } }
}
