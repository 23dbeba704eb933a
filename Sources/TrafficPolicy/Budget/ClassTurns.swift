// SPDX-License-Identifier: Apache-2.0

/// Which class is next, by weight: start-time fair queueing over a handful of classes.
///
/// Each class has the virtual time at which its next turn starts; the earliest goes, and its next
/// start moves on by a stride that is the shorter the heavier the class. Classes that compete get
/// turns in the proportion of their weights, spread evenly; a class alone gets all. A class that
/// comes back begins at the present: what it did not use is not saved up, and what it was ahead is
/// not forgotten. Source: Goyal, Vin, Cheng, "Start-time Fair Queueing", SIGCOMM 1996.
struct ClassTurns: Sendable {
  /// By class.
  private let strides: [Int64]
  /// By class: when its next turn starts.
  private var starts: [Int64]
  /// When the last turn that was given started.
  private var present: Int64 = 0

  /// - Parameter weights: small numbers above zero.
  init(weights: [Int]) {
    let product = weights.reduce(1, *)
    self.strides = weights.map { Int64(product / $0) }
    self.starts = weights.map { _ in 0 }
  }

  /// Somebody waits in a class in which nobody waited.
  mutating func activated(_ index: Int) {
    self.starts[index] = max(self.starts[index], self.present)
  }

  /// Gives the next turn to one of the classes in which somebody waits; of two with the same start
  /// to the first. Nil if nobody waits.
  mutating func next(waiting: [Int]) -> Int? {
    var next: Int?
    for index in self.starts.indices where waiting[index] > 0 {
      if let best = next, self.starts[best] <= self.starts[index] { continue }
      next = index
    }
    guard let next else { return nil }
    self.present = self.starts[next]
    self.starts[next] += self.strides[next]
    return next
  }
}
