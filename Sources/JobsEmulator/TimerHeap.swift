// SPDX-License-Identifier: Apache-2.0

/// The executions whose timers run, the nearest end on top.
///
/// A binary heap that knows where each execution stands, so that a step timer can be moved a
/// million times without leaving anything behind. Equal ends come in the order of ids, which makes
/// every run the same.
struct TimerHeap: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    let endSeconds: Int64
    let id: ExecutionID

    func comesBefore(_ other: Entry) -> Bool {
      (self.endSeconds, self.id) < (other.endSeconds, other.id)
    }
  }

  private var entries: [Entry] = []
  private var positions: [ExecutionID: Int] = [:]

  init() {}

  var count: Int { self.entries.count }

  var nearest: Entry? { self.entries.first }

  /// Sets, moves or (with nil) takes away the end of an execution.
  mutating func set(_ id: ExecutionID, endSeconds: Int64?) {
    switch (self.positions[id], endSeconds) {
    case (nil, nil): break
    case (nil, let end?): self.add(Entry(endSeconds: end, id: id))
    case (let position?, nil): self.remove(at: position)
    case (let position?, let end?):
      guard self.entries[position].endSeconds != end else { return }
      self.entries[position] = Entry(endSeconds: end, id: id)
      self.settle(position)
    }
  }

  private mutating func add(_ entry: Entry) {
    self.entries.append(entry)
    self.positions[entry.id] = self.entries.count - 1
    self.settle(self.entries.count - 1)
  }

  private mutating func remove(at position: Int) {
    self.positions[self.entries[position].id] = nil
    let last = self.entries.removeLast()
    guard position < self.entries.count else { return }
    self.entries[position] = last
    self.positions[last.id] = position
    self.settle(position)
  }

  /// Moves an entry up or down to where it belongs.
  private mutating func settle(_ start: Int) {
    var position = start
    while position > 0 {
      let parent = (position - 1) / 2
      guard self.entries[position].comesBefore(self.entries[parent]) else { break }
      self.swap(position, parent)
      position = parent
    }
    while let child = self.smallerChild(of: position),
      self.entries[child].comesBefore(self.entries[position])
    {
      self.swap(position, child)
      position = child
    }
  }

  private func smallerChild(of position: Int) -> Int? {
    let left = 2 * position + 1
    guard left < self.entries.count else { return nil }
    let right = left + 1
    guard right < self.entries.count else { return left }
    return self.entries[right].comesBefore(self.entries[left]) ? right : left
  }

  private mutating func swap(_ one: Int, _ other: Int) {
    self.entries.swapAt(one, other)
    self.positions[self.entries[one].id] = one
    self.positions[self.entries[other].id] = other
  }
}
