// SPDX-License-Identifier: Apache-2.0

/// A piece of a pattern that stands for one piece of a name: text with at most one hole in it.
///
/// One hole only, so that there is one way at most to fill it. A part of a name that could be read
/// in two ways would be a part that a caller may choose.
struct PatternSegment: Equatable, Sendable {
  enum Hole: Equatable, Sendable {
    /// `*`: anything, or nothing.
    case any
    /// `{name}`: at least one byte, which becomes the variable's value.
    case variable(String)
  }

  private(set) var prefix: [UInt8] = []
  private(set) var hole: Hole?
  private(set) var suffix: [UInt8] = []

  /// `*` alone.
  static let anything = PatternSegment()

  private init() {
    self.hole = .any
  }

  /// - Parameter isLiteral: which bytes may stand outside of holes.
  /// - Throws: What the segment may hold, in words.
  init(
    _ text: ArraySlice<UInt8>, isLiteral: (UInt8) -> Bool
  ) throws(PatternSegment.Misfit) {
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "*"):
        try self.add(.any)
      case UInt8(ascii: "{"):
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
          throw .init("\"{\" has no end")
        }
        try self.add(.variable(Self.variableName(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      case _ where isLiteral(byte):
        if self.hole == nil { self.prefix.append(byte) } else { self.suffix.append(byte) }
      default:
        throw .init("a character is not allowed here")
      }
    }
  }

  struct Misfit: Error, Equatable {
    var rule: String
    init(_ rule: String) { self.rule = rule }
  }

  private mutating func add(_ hole: Hole) throws(Misfit) {
    guard self.hole == nil else { throw Misfit("one \"*\" or {name} at most between separators") }
    self.hole = hole
  }

  /// Lower-case letters, digits and `_`, a letter first.
  static func variableName(_ bytes: ArraySlice<UInt8>) throws(Misfit) -> String {
    let isName = bytes.allSatisfy { byte in
      (byte.isLetterOrDigit && !byte.isUpperCaseLetter) || byte == UInt8(ascii: "_")
    }
    guard isName, (1...32).contains(bytes.count), bytes.first?.isDigit == false else {
      throw Misfit("the name in {} has 1 to 32 of [a-z0-9_], and no digit first")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What fills the hole, empty when there is none; nil when the piece does not match.
  func filling(in piece: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard piece.count >= self.prefix.count + self.suffix.count,
      piece.starts(with: self.prefix), piece.suffix(self.suffix.count) == self.suffix[...]
    else { return nil }
    let filling = piece.dropFirst(self.prefix.count).dropLast(self.suffix.count)
    switch self.hole {
    case nil: return filling.isEmpty ? filling : nil
    case .any: return filling
    case .variable: return filling.isEmpty ? nil : filling
    }
  }
}
