// SPDX-License-Identifier: Apache-2.0

/// A token bucket as books draw it, in exact arithmetic: a level that rises with time up to the
/// burst and falls by one call's worth. It is counted in nanoseconds, of which a call costs one
/// interval.
struct NaiveBucket {
  private let interval: Int128
  private let capacity: Int128
  private var level: Int128
  private var filledAt: Int64 = 0

  init(interval: Int64, burst: Int) {
    self.interval = Int128(interval)
    self.capacity = Int128(interval) * Int128(burst)
    self.level = self.capacity
  }

  mutating func spend(now: Int64) -> Bool {
    self.fill(now: now)
    guard self.level >= self.interval else { return false }
    self.level -= self.interval
    return true
  }

  mutating func isFull(now: Int64) -> Bool {
    self.fill(now: now)
    return self.level == self.capacity
  }

  private mutating func fill(now: Int64) {
    self.level = min(self.capacity, self.level + Int128(now - self.filledAt))
    self.filledAt = now
  }
}
