// SPDX-License-Identifier: Apache-2.0

/// Name and value pairs that a device attaches to a job execution.
///
/// Pairs keep the order in which they came and each name is held once; of two pairs with one name
/// the last wins, as protobuf and JSON readers have it. Two values are equal when they hold the
/// same pairs in any order.
package struct StatusDetails: Sendable {
  package struct Entry: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package private(set) var entries: [Entry]

  package static let empty = StatusDetails()

  package init() {
    self.entries = []
  }

  /// Takes pairs in order; the last of one name wins. Linear in their number, for a peer may send
  /// thousands.
  package init(_ pairs: some Sequence<(String, String)>) {
    self.entries = []
    var pairs = pairs.makeIterator()
    // An index pays only beyond the few pairs that maps mostly hold.
    while self.entries.count < 16, let (name, value) = pairs.next() {
      self[name] = value
    }
    guard self.entries.count == 16 else { return }
    var indices: [String: Int] = [:]
    for (index, entry) in self.entries.enumerated() { indices[entry.name] = index }
    while let (name, value) = pairs.next() {
      let entry = Entry(name: name, value: value)
      if let index = indices[name] {
        self.entries[index] = entry
      } else {
        indices[name] = self.entries.count
        self.entries.append(entry)
      }
    }
  }

  package var isEmpty: Bool { self.entries.isEmpty }

  package var count: Int { self.entries.count }

  /// The value under a name. Setting nil removes the pair. Linear: maps here hold about ten pairs.
  package subscript(name: String) -> String? {
    get { self.entries.first { $0.name == name }?.value }
    set {
      let index = self.entries.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): self.entries[index] = Entry(name: name, value: value)
      case (let index?, nil): self.entries.remove(at: index)
      case (nil, let value?): self.entries.append(Entry(name: name, value: value))
      case (nil, nil): break
      }
    }
  }
}

extension StatusDetails: Equatable {
  package static func == (left: StatusDetails, right: StatusDetails) -> Bool {
    left.entries == right.entries || Set(left.entries) == Set(right.entries)
  }
}
