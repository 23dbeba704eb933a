// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// Makes ``CacheContents`` of entries that it is shown one by one.
///
/// Called while their lock is held, so it looks at numbers and keeps the few entries that are big;
/// what these say of themselves is read at the end.
struct CacheSurvey {
  private let listed: Int
  private let now: Int64
  private var ages = CacheContents.emptyAges
  private var stale = 0
  /// The biggest so far, in no order.
  private var biggest: [StoredRead] = []
  /// Once the list is full: the position of the least of them.
  private var least = 0

  init(listing listed: Int, at now: Int64) {
    self.listed = listed
    self.now = now
  }

  mutating func add(_ read: StoredRead) {
    guard !read.isExpired(at: self.now) else { return }
    let seconds = read.ageSeconds(at: self.now)
    let bounds = CacheContents.ageBoundsSeconds
    let band = bounds.firstIndex { seconds < $0 } ?? bounds.count
    self.ages[band].entries += 1
    self.ages[band].bytes += read.byteSize
    if !read.isFresh(at: self.now) { self.stale += 1 }
    self.keepIfBig(read)
  }

  private mutating func keepIfBig(_ read: StoredRead) {
    if self.biggest.count < self.listed {
      self.biggest.append(read)
    } else if self.listed > 0, read.byteSize > self.biggest[self.least].byteSize {
      self.biggest[self.least] = read
    } else {
      return
    }
    self.least =
      self.biggest.indices.min { self.biggest[$0].byteSize < self.biggest[$1].byteSize } ?? 0
  }

  var contents: CacheContents {
    CacheContents(
      ages: self.ages, stale: self.stale,
      biggest: self.biggest.map { CacheContents.Entry($0, at: self.now) }.sorted {
        $0.bytes == $1.bytes ? $0.thing < $1.thing : $0.bytes > $1.bytes
      })
  }
}

extension CacheContents {
  fileprivate static var emptyAges: [AgeBand] {
    (Self.ageBoundsSeconds.map(Optional.some) + [nil]).map {
      AgeBand(belowSeconds: $0, entries: 0, bytes: 0)
    }
  }
}

extension CacheContents.Entry {
  fileprivate init(_ read: StoredRead, at now: Int64) {
    self.thing = read.key.thing
    self.bytes = read.byteSize
    self.ageMilliseconds = max(0, now.subtractingClamped(read.storedAt)) / 1_000_000
    self.freshForMilliseconds = read.lifetime.freshUntil.subtractingClamped(now) / 1_000_000
    self.hasDocument = read.hasDocument
    if case .execution(let jobID, let number) = read.key.subject {
      (self.jobID, self.executionNumber) = (jobID, number)
    }
  }
}
