// SPDX-License-Identifier: Apache-2.0

/// The books of a pool's connections: which slot holds which, and what each is doing.
///
/// It keeps count and order and decides nothing. Slots are numbered from zero and used again, so that
/// whoever keeps something beside them needs no more than an array.
struct ConnectionSlots: ~Copyable {
  typealias ID = PoolState.ConnectionID
  typealias Instant = ContinuousClock.Instant

  enum Slot {
    case free
    case connecting(ID)
    /// Unused since then; too old from then on, if there is such a time.
    case idle(ID, since: Instant, retire: Instant?)
    case leased(ID, retire: Instant?)
  }

  private let capacity: Int
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  /// Slots of idle connections; the last is the one parked last.
  private(set) var idle: [Int] = []
  private(set) var leasedCount = 0
  private(set) var connectingCount = 0
  private var generation: UInt64 = 0

  init(capacity: Int) {
    self.capacity = capacity
  }

  var count: Int { self.leasedCount + self.connectingCount + self.idle.count }
  var isFull: Bool { self.count >= self.capacity }
  /// No more connections could be of use to anybody: all slots are connecting or leased.
  var isBusy: Bool { self.leasedCount + self.connectingCount >= self.capacity }

  /// What a connection is doing; `free` for one that is gone.
  func slot(of id: ID) -> Slot {
    guard self.slots.indices.contains(id.slot) else {
      return .free
    }
    let slot = self.slots[id.slot]
    switch slot {
    case .connecting(id), .idle(id, _, _), .leased(id, _): return slot
    case .free, .connecting, .idle, .leased: return .free
    }
  }

  /// The slots that were used so far.
  var indices: Range<Int> { self.slots.indices }

  subscript(slot: Int) -> Slot { self.slots[slot] }

  /// Takes a slot for a connection to be made; nil if all are taken.
  mutating func connect() -> ID? {
    guard !self.isFull else {
      return nil
    }
    let slot: Int
    if let free = self.freeSlots.popLast() {
      slot = free
    } else {
      slot = self.slots.count
      self.slots.append(.free)
    }
    self.generation += 1
    let id = ID(slot: slot, generation: self.generation)
    self.slots[slot] = .connecting(id)
    self.connectingCount += 1
    return id
  }

  /// Leases the idle connection that was parked last.
  mutating func leaseNewest() -> ID? {
    guard let slot = self.idle.popLast(), case .idle(let id, _, let retire) = self.slots[slot]
    else {
      return nil
    }
    self.slots[slot] = .leased(id, retire: retire)
    self.leasedCount += 1
    return id
  }

  /// A connection that was being made is leased at once.
  mutating func lease(_ id: ID, retire: Instant?) {
    guard case .connecting = self.slot(of: id) else { return }
    self.connectingCount -= 1
    self.leasedCount += 1
    self.slots[id.slot] = .leased(id, retire: retire)
  }

  /// A connection that was being made or was leased is idle from now on.
  mutating func park(_ id: ID, since: Instant, retire: Instant?) {
    switch self.slot(of: id) {
    case .connecting: self.connectingCount -= 1
    case .leased: self.leasedCount -= 1
    case .free, .idle: return
    }
    self.slots[id.slot] = .idle(id, since: since, retire: retire)
    self.idle.append(id.slot)
  }

  /// Frees the slot of a connection, whatever it was doing.
  mutating func vacate(_ id: ID) {
    switch self.slot(of: id) {
    case .free: return
    case .connecting: self.connectingCount -= 1
    case .leased: self.leasedCount -= 1
    case .idle: self.idle.removeAll { $0 == id.slot }
    }
    self.slots[id.slot] = .free
    self.freeSlots.append(id.slot)
  }

  /// The connection that has lain idle longest.
  var oldestIdle: ID? {
    guard let slot = self.idle.first, case .idle(let id, _, _) = self.slots[slot] else {
      return nil
    }
    return id
  }
}
