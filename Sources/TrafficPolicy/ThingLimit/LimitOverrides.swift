// SPDX-License-Identifier: Apache-2.0

/// Limits by name: the exact name goes before the longest prefix.
///
/// A tree of bytes. One walk along a name finds both, so a look-up costs as much as the name shares
/// with any of the overrides, however many there are. Each node's children lie in an array from the
/// least to the greatest byte that occurs.
struct LimitOverrides: Sendable {
  private struct Node: Sendable {
    var exact: ThingPaces?
    var prefix: ThingPaces?
    var firstByte: UInt8 = 0
    /// Indices of nodes, by byte from the first; zero, the root, stands for none.
    var children: [Int32] = []
  }

  private var nodes = [Node()]

  let isEmpty: Bool

  init(exact: [String: ThingLimits], prefixes: [String: ThingLimits]) {
    self.isEmpty = exact.isEmpty && prefixes.isEmpty
    for (name, limits) in exact {
      let node = self.makeNode(name)
      self.nodes[node].exact = ThingPaces(limits)
    }
    for (prefix, limits) in prefixes {
      let node = self.makeNode(prefix)
      self.nodes[node].prefix = ThingPaces(limits)
    }
  }

  /// Nil if neither the name nor a prefix of it is there.
  func paces(for name: String) -> ThingPaces? {
    guard !self.isEmpty else { return nil }
    var node = 0
    var found = self.nodes[0].prefix
    for byte in name.utf8 {
      guard let child = self.child(of: node, byte) else { return found }
      node = child
      found = self.nodes[node].prefix ?? found
    }
    return self.nodes[node].exact ?? found
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    let place = Int(byte) - Int(self.nodes[node].firstByte)
    guard self.nodes[node].children.indices.contains(place) else { return nil }
    let child = self.nodes[node].children[place]
    return child == 0 ? nil : Int(child)
  }

  private mutating func makeNode(_ name: String) -> Int {
    var node = 0
    for byte in name.utf8 {
      node = self.child(of: node, byte) ?? self.makeChild(of: node, byte)
    }
    return node
  }

  private mutating func makeChild(of node: Int, _ byte: UInt8) -> Int {
    let new = self.nodes.count
    self.nodes.append(Node())
    if self.nodes[node].children.isEmpty { self.nodes[node].firstByte = byte }
    let first = self.nodes[node].firstByte
    if byte < first {
      self.nodes[node].firstByte = byte
      self.nodes[node].children.insert(
        contentsOf: repeatElement(0, count: Int(first - byte)), at: 0)
    }
    let place = Int(byte - self.nodes[node].firstByte)
    let missing = place + 1 - self.nodes[node].children.count
    if missing > 0 {
      self.nodes[node].children.append(contentsOf: repeatElement(0, count: missing))
    }
    self.nodes[node].children[place] = Int32(truncatingIfNeeded: new)
    return new
  }
}
