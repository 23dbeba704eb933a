// SPDX-License-Identifier: Apache-2.0

/// Limits by name: the exact name goes before the longest prefix.
///
/// A look-up costs one hash of the name and one walk along it, however many overrides there are:
/// the prefixes are a tree of bytes, and the walk ends where no prefix goes on. Each node's children
/// lie in an array from the least to the greatest byte that occurs.
struct LimitOverrides: Sendable {
  private struct Node: Sendable {
    var paces: ThingPaces?
    var firstByte: UInt8 = 0
    /// Positions in `nodes`, by byte from the first; zero, the root, stands for none.
    var children: [Int32] = []
  }

  private let exact: [String: ThingPaces]
  private var nodes = [Node()]

  init(exact: [String: ThingLimits], prefixes: [String: ThingLimits]) {
    self.exact = exact.mapValues(ThingPaces.init)
    for (prefix, limits) in prefixes {
      let node = self.makeNode(prefix)
      self.nodes[node].paces = ThingPaces(limits)
    }
  }

  /// Nil if neither the name nor a prefix of it is there.
  func paces(for name: String) -> ThingPaces? {
    if !self.exact.isEmpty, let paces = self.exact[name] { return paces }
    var found = self.nodes[0].paces
    if self.nodes.count == 1 { return found }
    var node = 0
    for byte in name.utf8 {
      guard let child = self.child(of: node, byte) else { break }
      node = child
      found = self.nodes[node].paces ?? found
    }
    return found
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    let place = Int(byte) - Int(self.nodes[node].firstByte)
    guard self.nodes[node].children.indices.contains(place) else { return nil }
    let child = self.nodes[node].children[place]
    return child == 0 ? nil : Int(child)
  }

  private mutating func makeNode(_ prefix: String) -> Int {
    var node = 0
    for byte in prefix.utf8 {
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
      let missing = repeatElement(Int32(0), count: Int(first - byte))
      self.nodes[node].children.insert(contentsOf: missing, at: 0)
      self.nodes[node].firstByte = byte
    }
    let place = Int(byte - self.nodes[node].firstByte)
    let missing = max(place + 1 - self.nodes[node].children.count, 0)
    self.nodes[node].children.append(contentsOf: repeatElement(0, count: missing))
    self.nodes[node].children[place] = Int32(truncatingIfNeeded: new)
    return new
  }
}
