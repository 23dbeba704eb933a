// SPDX-License-Identifier: Apache-2.0

/// When each waiter has waited enough, sorted without comparing: a wheel of 256 slots, each of which
/// stands for one step of time.
///
/// Times are rounded up to whole steps of a 250th of the longest wait: nobody ends early, and
/// nobody ends later than by a step. To enter, to leave and to find the next that is due cost the
/// same for one waiter and for ten thousand.
struct ExpiryWheel: Sendable {
  private static let size = 256

  private let step: Int64
  private var slots = SlotLists()
  /// A bit for each list that holds somebody.
  private var occupied: InlineArray<4, UInt64> = [0, 0, 0, 0]
  private var count = 0
  /// The first step that may still hold somebody.
  private var base: Int64

  /// - Parameter span: no time lies further ahead than this, in nanoseconds.
  init(span: Int64, now: Int64) {
    self.step = max(1, span / 250 + 1)
    self.base = now / self.step
  }

  /// The time up to which somebody who may wait until `time` really waits.
  func rounded(_ time: Int64) -> Int64 {
    let steps = time / self.step + (time % self.step == 0 ? 0 : 1)
    let (end, overflow) = steps.multipliedReportingOverflow(by: self.step)
    return overflow ? .max : end
  }

  /// - Parameter time: a rounded one, after everything due has been taken out.
  mutating func insert(_ waiter: Int, at time: Int64) {
    let list = self.list(time)
    self.slots.append(waiter, to: list)
    self.occupied[list / 64] |= 1 << UInt64(list % 64)
    self.count += 1
  }

  /// - Parameter time: the one that the waiter came with.
  mutating func remove(_ waiter: Int, at time: Int64) {
    let list = self.list(time)
    self.slots.remove(waiter, from: list)
    if self.slots.count(of: list) == 0 {
      self.occupied[list / 64] &= ~(1 << UInt64(list % 64))
    }
    self.count -= 1
  }

  /// Somebody who is due, to be removed before the next is asked for.
  mutating func due(now: Int64) -> Int? {
    let present = now / self.step
    guard let first = self.firstStep, first <= present else {
      self.base = max(self.base, present + 1)
      return nil
    }
    self.base = first
    return self.slots.first(of: Int(first) % Self.size)
  }

  /// When the next will be due.
  var nextDue: Int64? {
    self.firstStep.map { $0 * self.step }
  }

  private func list(_ time: Int64) -> Int {
    Int(time / self.step) % Self.size
  }

  /// The first step from the base on that holds somebody.
  private var firstStep: Int64? {
    guard self.count > 0 else { return nil }
    let start = Int(self.base) % Self.size
    // Once around, and the first word twice: its upper bits come first, its lower ones last.
    for turn in 0...4 {
      let word = (start / 64 + turn) % 4
      var bits = self.occupied[word]
      if turn == 0 { bits &= ~0 << UInt64(start % 64) }
      if bits != 0 {
        let list = word * 64 + bits.trailingZeroBitCount
        return self.base + Int64((list - start + Self.size) % Self.size)
      }
    }
    return nil
  }
}
