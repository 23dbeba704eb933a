// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// A pattern for the names of things, with variables that the caller's identity gives values to:
/// `{thing}`, `{site}-*`, `lamp-7`, `*`.
///
/// A thing's name has no separators, so `*` stands for any part of it.
package struct ThingPattern: Equatable, Sendable {
  package static let limitBytes = 256

  private enum Part: Equatable, Sendable {
    case literal([UInt8])
    case any
    case variable(String)
  }

  /// As it was written.
  package let text: String
  private let parts: [Part]

  /// - Throws: ``AuthorizationFault/unreadable(text:rule:)``.
  package init(_ text: String) throws(AuthorizationFault) {
    do {
      self.parts = try Self.parts(of: Array(text.utf8)[...])
    } catch {
      throw .unreadable(text: text, rule: error.rule)
    }
    self.text = text
  }

  private static func parts(of text: ArraySlice<UInt8>) throws(PatternSegment.Misfit) -> [Part] {
    guard (1...Self.limitBytes).contains(text.count) else {
      throw .init("a pattern has 1 to \(Self.limitBytes) bytes")
    }
    var parts: [Part] = []
    var literal: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      let part: Part
      switch byte {
      case UInt8(ascii: "*"):
        part = .any
      case UInt8(ascii: "{"):
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
          throw .init("\"{\" has no end")
        }
        part = .variable(try PatternSegment.variableName(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      default:
        guard Self.isOfName(byte) else { throw .init("a thing's name holds only [a-zA-Z0-9:_-]") }
        literal.append(byte)
        continue
      }
      if !literal.isEmpty { parts.append(.literal(literal)) }
      literal = []
      parts.append(part)
    }
    return literal.isEmpty ? parts : parts + [.literal(literal)]
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit
      || [UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
  }

  package var variables: [String] {
    self.parts.compactMap { if case .variable(let name) = $0 { name } else { nil } }
  }

  /// The pattern with the values of one caller. A value is taken as it is: a `*` in it is no
  /// wildcard.
  /// - Returns: Nil when a variable has no value.
  package func matcher(_ values: [String: [UInt8]]) -> ThingMatcher? {
    var pieces: [[UInt8]] = [[]]
    for part in self.parts {
      switch part {
      case .literal(let bytes): pieces[pieces.count - 1] += bytes
      case .any: pieces.append([])
      case .variable(let name):
        guard let value = values[name] else { return nil }
        pieces[pieces.count - 1] += value
      }
    }
    return ThingMatcher(pieces: pieces)
  }
}
