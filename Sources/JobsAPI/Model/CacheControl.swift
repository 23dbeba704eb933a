// SPDX-License-Identifier: Apache-2.0

/// What a caller says about stored answers, in the terms of HTTP's request directives.
/// Source: RFC 9111 §5.2.1.
package struct CacheControl: Equatable, Sendable {
  /// `no-cache`: AWS must be asked for this very call.
  package var noCache: Bool
  /// `max-age=N`: a stored answer may be at most so old. Nil: the gateway's own rule decides.
  package var maxAgeSeconds: Int64?
  /// `only-if-cached`: AWS must not be asked.
  package var onlyIfCached: Bool

  package static let unspecified = CacheControl()

  package init(noCache: Bool = false, maxAgeSeconds: Int64? = nil, onlyIfCached: Bool = false) {
    self.noCache = noCache
    self.maxAgeSeconds = maxAgeSeconds
    self.onlyIfCached = onlyIfCached
  }
}

/// How an answer relates to stored ones.
package struct CacheResult: Equatable, Sendable {
  package enum Outcome: String, CaseIterable, Sendable {
    /// A stored answer that is fresh.
    case hit
    /// Nothing stored would do: AWS was asked for this call, unless the caller would not have that.
    case miss
    /// A stored answer past its time, served within a window that the configuration allows.
    case stale
    /// AWS was asked for another call that was the same, and both share the answer.
    case coalesced
    /// AWS was asked because this caller would not have a stored answer.
    case bypass
  }

  package var outcome: Outcome
  /// Whole seconds since AWS gave the answer; nil unless it was stored.
  package var ageSeconds: Int64?

  package init(_ outcome: Outcome, ageSeconds: Int64? = nil) {
    self.outcome = outcome
    self.ageSeconds = ageSeconds
  }
}
