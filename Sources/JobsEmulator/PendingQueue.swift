// SPDX-License-Identifier: Apache-2.0

/// The executions of one thing that share one pending state, oldest first.
///
/// Ids grow with time, so the order of ids is the order of the queue. Taking the first costs O(1)
/// over time; taking another costs a binary search and a move of what is behind it.
struct PendingQueue: Equatable, Sendable {
  /// At most twice as many as wait: what stands before `head` is taken, and is dropped once it is
  /// half of the array.
  private(set) var ids: [ExecutionID] = []
  private var head = 0

  init() {}

  static func == (left: PendingQueue, right: PendingQueue) -> Bool {
    left.ids[left.head...] == right.ids[right.head...]
  }

  var count: Int { self.ids.count - self.head }

  var first: ExecutionID? { self.head < self.ids.count ? self.ids[self.head] : nil }

  func prefix(_ count: Int) -> ArraySlice<ExecutionID> {
    self.ids[self.head...].prefix(count)
  }

  mutating func insert(_ id: ExecutionID) {
    if let last = self.ids.last, id < last {
      self.ids.insert(id, at: self.ids.insertionPoint(of: id, from: self.head))
    } else {
      self.ids.append(id)
    }
  }

  mutating func remove(_ id: ExecutionID) {
    let index = self.ids.insertionPoint(of: id, from: self.head)
    guard index < self.ids.count, self.ids[index] == id else { return }
    guard index == self.head else {
      self.ids.remove(at: index)
      return
    }
    self.head += 1
    if self.head * 2 >= self.ids.count {
      self.ids.removeSubrange(..<self.head)
      self.head = 0
    }
  }
}

extension [ExecutionID] {
  /// Where an id stands in a sorted array, or would stand.
  func insertionPoint(of id: ExecutionID, from start: Int = 0) -> Int {
    var low = start
    var high = self.count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Takes an id out of a sorted array.
  mutating func removeSorted(_ id: ExecutionID) {
    let index = self.insertionPoint(of: id)
    guard index < self.count, self[index] == id else { return }
    self.remove(at: index)
  }
}
