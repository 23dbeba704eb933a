// SPDX-License-Identifier: Apache-2.0

/// A thing pattern whose variables have values: texts with anything between them.
package struct ThingMatcher: Equatable, Sendable {
  /// The texts before, between and after the wildcards; one alone when there is no wildcard.
  private let pieces: [[UInt8]]

  /// - Parameter pieces: at least one.
  init(pieces: [[UInt8]]) {
    self.pieces = pieces
  }

  /// Looks at each byte of the name once or, between wildcards, once for each byte of a piece.
  package func matches(_ name: Span<UInt8>) -> Bool {
    guard let first = self.pieces.first, let last = self.pieces.last else { return false }
    guard self.pieces.count > 1 else {
      return name.count == first.count && Self.holds(name, first, at: 0)
    }
    guard name.count >= first.count + last.count, Self.holds(name, first, at: 0),
      Self.holds(name, last, at: name.count - last.count)
    else { return false }
    var position = first.count
    let end = name.count - last.count
    for piece in self.pieces.dropFirst().dropLast() {
      // The leftmost place leaves the most for those that follow.
      while position + piece.count <= end, !Self.holds(name, piece, at: position) { position += 1 }
      guard position + piece.count <= end else { return false }
      position += piece.count
    }
    return true
  }

  /// Whether `piece`, which fits, stands in `name` at `position`.
  private static func holds(_ name: Span<UInt8>, _ piece: [UInt8], at position: Int) -> Bool {
    for offset in piece.indices where name[position + offset] != piece[offset] { return false }
    return true
  }
}
