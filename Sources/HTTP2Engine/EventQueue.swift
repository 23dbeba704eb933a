// SPDX-License-Identifier: Apache-2.0

/// Events in order of arrival. Its memory is kept from one read to the next.
struct EventQueue<Event> {
  /// Those before `head` are taken, and nil.
  private var events: [Event?] = []
  private var head = 0

  var isEmpty: Bool { self.head == self.events.count }

  mutating func append(_ event: Event) {
    self.events.append(event)
  }

  mutating func popFirst() -> Event? {
    guard self.head < self.events.count else { return nil }
    let event = self.events[self.head].take()
    self.head += 1
    if self.head == self.events.count {
      self.events.removeAll(keepingCapacity: true)
      self.head = 0
    }
    return event
  }
}
