// SPDX-License-Identifier: Apache-2.0

/// Decides which of many log lines of one kind are written: so many in each second, counted from the
/// first of them. The next line that is written of a kind tells how many were not.
///
/// Time is an argument. What a storm hid when it ended is asked for with ``takeRepeats(now:)``, so
/// that nothing stays untold.
struct RepeatLimit<Kind: Hashable & Sendable>: Sendable {
  enum OnLine: Equatable, Sendable {
    /// `repeated` lines of the kind were hidden since the last one that was written.
    case write(repeated: Int)
    case hide
  }

  /// What was hidden of one kind.
  struct Repeats: Sendable {
    /// Nil for the kinds together that came when the table was full.
    var kind: Kind?
    var count: Int
  }

  private struct Entry {
    var second: ContinuousClock.Instant
    var written = 0
    var hidden = 0

    func isOver(_ now: ContinuousClock.Instant) -> Bool {
      self.second.duration(to: now) >= .seconds(1)
    }

    mutating func lineCame(_ now: ContinuousClock.Instant, perSecond: Int) -> OnLine {
      if self.isOver(now) {
        self.second = now
        self.written = 0
      }
      guard self.written < perSecond else {
        self.hidden += 1
        return .hide
      }
      self.written += 1
      defer { self.hidden = 0 }
      return .write(repeated: self.hidden)
    }
  }

  private let perSecond: Int
  private let kindLimit: Int
  /// Under nil the kinds that came when the table was full.
  private var entries: [Kind?: Entry] = [:]

  /// - Parameters:
  ///   - perSecond: lines of one kind that are written in a second.
  ///   - kindLimit: kinds that are told apart at a time; those beyond share one place.
  init(perSecond: Int, kindLimit: Int = 128) {
    self.perSecond = perSecond
    self.kindLimit = kindLimit
  }

  /// Somebody wants to write a line of a kind.
  mutating func lineCame(_ kind: Kind, now: ContinuousClock.Instant) -> OnLine {
    let place = self.place(of: kind, now)
    return self.entries[place, default: Entry(second: now)].lineCame(now, perSecond: self.perSecond)
  }

  /// What was hidden of kinds that have been quiet since their last second ended. They are forgotten.
  mutating func takeRepeats(now: ContinuousClock.Instant) -> [Repeats] {
    let over = self.entries.filter { $0.value.isOver(now) }
    return self.forget(over)
  }

  /// All that was hidden and is not told yet.
  mutating func takeAllRepeats() -> [Repeats] {
    self.forget(self.entries)
  }

  private mutating func forget(_ entries: [Kind?: Entry]) -> [Repeats] {
    for kind in entries.keys { self.entries[kind] = nil }
    return entries.filter { $0.value.hidden > 0 }.map {
      Repeats(kind: $0.key, count: $0.value.hidden)
    }
  }

  private mutating func place(of kind: Kind, _ now: ContinuousClock.Instant) -> Kind? {
    if self.entries[kind] != nil || self.entries.count < self.kindLimit { return kind }
    // Room is made by what has nothing left to tell.
    self.entries = self.entries.filter { !$0.value.isOver(now) || $0.value.hidden > 0 }
    return self.entries.count < self.kindLimit ? kind : nil
  }
}
