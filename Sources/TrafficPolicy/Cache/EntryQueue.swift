// SPDX-License-Identifier: Apache-2.0

/// One of the two queues that entries wait in until it is their turn to be looked at. The links lie
/// in the entries' places, so an entry leaves from the middle at no cost.
struct EntryQueue {
  enum Role: UInt8 {
    /// Of newcomers, which have to show that they are used.
    case small
    /// Of those that have shown it.
    case main
  }

  typealias Place = EntrySlot.Place

  private let role: Role
  private(set) var newest = EntrySlot.nowhere
  private(set) var oldest = EntrySlot.nowhere
  /// Held by the entries in this queue.
  private(set) var bytes = 0

  init(_ role: Role) {
    self.role = role
  }

  var isEmpty: Bool { self.oldest == EntrySlot.nowhere }

  mutating func append(_ place: Place, in table: inout EntryTable) {
    table[place].queue = self.role
    table[place].newer = EntrySlot.nowhere
    table[place].older = self.newest
    if self.newest == EntrySlot.nowhere {
      self.oldest = place
    } else {
      table[self.newest].newer = place
    }
    self.newest = place
    self.bytes += table[place].read?.byteSize ?? 0
  }

  mutating func remove(_ place: Place, in table: inout EntryTable) {
    let (newer, older) = (table[place].newer, table[place].older)
    if newer == EntrySlot.nowhere { self.newest = older } else { table[newer].older = older }
    if older == EntrySlot.nowhere { self.oldest = newer } else { table[older].newer = newer }
    self.bytes -= table[place].read?.byteSize ?? 0
  }
}
