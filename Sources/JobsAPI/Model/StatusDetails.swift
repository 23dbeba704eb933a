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

  /// Takes pairs in order; the last of one name wins.
  package init(_ pairs: some Sequence<(String, String)>) {
    var builder = Builder()
    for (name, value) in pairs { builder.set(name, to: value) }
    self = builder.details
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

extension StatusDetails {
  /// Takes pairs one by one; the last of one name wins. Linear in their number, for a peer may send
  /// thousands.
  package struct Builder {
    /// An index pays only beyond the few pairs that maps mostly hold.
    private static let unindexedPairs = 16

    private var entries: [Entry] = []
    /// By name, once there are more than a few.
    private var indices: [String: Int] = [:]
    /// Of entries whose name has come again without a value.
    private var removed: Set<Int> = []

    package init() {}

    /// - Parameter value: nil takes back what came under this name before.
    package mutating func set(_ name: String, to value: String?) {
      let index = self.index(of: name)
      switch (index, value) {
      case (let index?, let value?):
        self.entries[index] = Entry(name: name, value: value)
        self.removed.remove(index)
      case (let index?, nil): self.removed.insert(index)
      case (nil, let value?): self.append(Entry(name: name, value: value))
      case (nil, nil): break
      }
    }

    package var details: StatusDetails {
      var details = StatusDetails()
      details.entries = self.entries
      if !self.removed.isEmpty {
        let kept = self.entries.indices.filter { !self.removed.contains($0) }
        details.entries = kept.map { self.entries[$0] }
      }
      return details
    }

    private func index(of name: String) -> Int? {
      guard self.entries.count > Self.unindexedPairs else {
        return self.entries.firstIndex { $0.name == name }
      }
      return self.indices[name]
    }

    private mutating func append(_ entry: Entry) {
      self.entries.append(entry)
      if self.entries.count == Self.unindexedPairs + 1 {
        for (index, entry) in self.entries.enumerated() { self.indices[entry.name] = index }
      } else if self.entries.count > Self.unindexedPairs {
        self.indices[entry.name] = self.entries.count - 1
      }
    }
  }
}

extension StatusDetails: Equatable {
  package static func == (left: StatusDetails, right: StatusDetails) -> Bool {
    left.entries == right.entries || Set(left.entries) == Set(right.entries)
  }
}
