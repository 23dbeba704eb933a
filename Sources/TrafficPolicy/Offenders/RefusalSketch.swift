// SPDX-License-Identifier: Apache-2.0

// Offenders knows which things are refused most, in bounded memory and without a metric for each.
// It knows nothing of limits: whoever refuses says so.

/// A thing and how often it was refused.
package struct Offender: Equatable, Sendable {
  package let thing: String
  /// At least as many as there were, at most ``overcount`` more.
  package internal(set) var refusals: Int
  /// How many of the refusals may have been other things'.
  package internal(set) var overcount: Int
}

/// The names that occur most often in a stream of names, by the space-saving algorithm (Metwally,
/// Agrawal, El Abbadi 2005, "Efficient Computation of Frequent and Top-k Elements in Data Streams").
///
/// A name that is not among those counted takes the place of the one with the least count, and goes
/// on from that count. With a capacity of m, each name that makes up more than one in m of all
/// refusals is there, and no count is over by more than the total divided by m.
struct RefusalSketch: Sendable {
  private let capacity: Int
  private var offenders: [Offender] = []
  /// One for each offender: a scan of these numbers is cheaper than one of names.
  private var hashes: [Int] = []
  private(set) var total = 0

  /// - Parameter capacity: Names counted at a time, at least one. A refusal costs time in proportion.
  init(capacity: Int) {
    self.capacity = max(capacity, 1)
    self.offenders.reserveCapacity(self.capacity)
    self.hashes.reserveCapacity(self.capacity)
  }

  mutating func count(_ thing: String) {
    self.total += 1
    let hash = thing.hashValue
    for index in self.hashes.indices where self.hashes[index] == hash {
      guard self.offenders[index].thing == thing else { continue }
      self.offenders[index].refusals += 1
      return
    }
    if self.offenders.count < self.capacity {
      self.offenders.append(Offender(thing: thing, refusals: 1, overcount: 0))
      self.hashes.append(hash)
      return
    }
    var least = 0
    for index in self.offenders.indices
    where self.offenders[index].refusals < self.offenders[least].refusals {
      least = index
    }
    let floor = self.offenders[least].refusals
    self.offenders[least] = Offender(thing: thing, refusals: floor + 1, overcount: floor)
    self.hashes[least] = hash
  }

  /// All that are counted, those refused most first; equals in the order of their names.
  var ranked: [Offender] { Self.ranked(self.offenders) }

  static func ranked(_ offenders: [Offender]) -> [Offender] {
    offenders.sorted {
      $0.refusals == $1.refusals ? $0.thing < $1.thing : $0.refusals > $1.refusals
    }
  }

  /// Begins anew. Keeps its memory.
  mutating func removeAll() {
    self.offenders.removeAll(keepingCapacity: true)
    self.hashes.removeAll(keepingCapacity: true)
    self.total = 0
  }
}
