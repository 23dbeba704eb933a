// SPDX-License-Identifier: Apache-2.0

/// Doubly linked lists over slots: each slot stands in one list at most, and knows its neighbours.
///
/// Slots and lists are numbers from zero; room for them is made when they are first used. Every
/// operation takes the same time however long the lists are, and none allocates once the room is
/// there.
struct SlotLists: Sendable {
  private static let none: Int32 = -1

  private struct Link {
    var previous = SlotLists.none
    var next = SlotLists.none
  }

  private struct Ends {
    var first = SlotLists.none
    var last = SlotLists.none
    var count: Int32 = 0
  }

  private var links: [Link] = []
  private var lists: [Ends] = []

  func count(of list: Int) -> Int {
    list < self.lists.count ? Int(self.lists[list].count) : 0
  }

  func first(of list: Int) -> Int? {
    self.count(of: list) > 0 ? Int(self.lists[list].first) : nil
  }

  func last(of list: Int) -> Int? {
    self.count(of: list) > 0 ? Int(self.lists[list].last) : nil
  }

  /// Puts a slot that stands in no list at the end of one.
  mutating func append(_ slot: Int, to list: Int) {
    while self.links.count <= slot { self.links.append(Link()) }
    while self.lists.count <= list { self.lists.append(Ends()) }
    let last = self.lists[list].last
    self.links[slot] = Link(previous: last)
    if last == Self.none {
      self.lists[list].first = Int32(slot)
    } else {
      self.links[Int(last)].next = Int32(slot)
    }
    self.lists[list].last = Int32(slot)
    self.lists[list].count += 1
  }

  /// Takes a slot out of the list in which it stands.
  mutating func remove(_ slot: Int, from list: Int) {
    let link = self.links[slot]
    if link.previous == Self.none {
      self.lists[list].first = link.next
    } else {
      self.links[Int(link.previous)].next = link.next
    }
    if link.next == Self.none {
      self.lists[list].last = link.previous
    } else {
      self.links[Int(link.next)].previous = link.previous
    }
    self.lists[list].count -= 1
  }
}
