// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// An element of a small XML text, with what is needed of XML to read AWS's answers.
///
/// Attributes, comments and processing instructions are passed over. A document type is refused,
/// and with it every entity but the five that are predefined. Source: XML 1.0 (fifth edition).
struct XMLElement: Equatable, Sendable {
  let name: String
  /// The text directly inside, without that of the children. Redacted: it may be a credential.
  fileprivate(set) var content = Secret("")
  fileprivate(set) var children: [XMLElement] = []

  /// The first child of a name.
  subscript(name: String) -> XMLElement? {
    self.children.first { $0.name == name }
  }

  /// The text of the first child of a name, without white space around it; nil if it is empty.
  func text(_ name: String) -> String? {
    guard let content = self[name]?.content.text else { return nil }
    let isBlank = { (byte: UInt8) in byte == 0x20 || 0x09...0x0d ~= byte }
    let trimmed = content.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
  }

  /// The root of a text. Nil if it is not well formed, holds what is refused, or goes beyond the
  /// limits.
  init?(parsing bytes: [UInt8], maxDepth: Int = 16, maxElements: Int = 256) {
    var reader = XMLReader(bytes, maxDepth: maxDepth, maxElements: maxElements)
    guard String(validating: bytes, as: UTF8.self) != nil, let root = reader.root() else {
      return nil
    }
    self = root
  }

  fileprivate init(name: String) {
    self.name = name
  }
}

/// Walks over the bytes once, with the elements that are open on a stack.
private struct XMLReader {
  private var rest: ArraySlice<UInt8>
  private let maxDepth: Int
  private var elementsLeft: Int
  private var open: [(element: XMLElement, text: [UInt8])] = []

  init(_ bytes: [UInt8], maxDepth: Int, maxElements: Int) {
    self.rest = bytes[...]
    self.maxDepth = maxDepth
    self.elementsLeft = maxElements
  }

  mutating func root() -> XMLElement? {
    while !self.rest.isEmpty {
      if self.take("<?") {
        guard self.skip(past: "?>") else { return nil }
      } else if self.take("<!--") {
        guard self.skip(past: "-->") else { return nil }
      } else if self.take("</") {
        guard let closed = self.close() else { return nil }
        guard self.open.isEmpty else { continue }
        return self.onlyMiscRemains() ? closed : nil
      } else if self.take("<") {
        // `<!` begins a document type or a section that AWS does not write.
        guard self.openElement() else { return nil }
      } else {
        guard self.text() else { return nil }
      }
    }
    return nil
  }

  private mutating func openElement() -> Bool {
    let name = self.rest.prefix(while: Self.isNameByte)
    guard let first = name.first, Self.isNameStart(first), self.elementsLeft > 0,
      self.open.count < self.maxDepth
    else { return false }
    self.rest = self.rest.dropFirst(name.count)
    self.elementsLeft -= 1
    guard let isEmptyElement = self.skipAttributes() else { return false }
    self.open.append((XMLElement(name: String(decoding: name, as: UTF8.self)), []))
    // An empty element closes itself. AWS's roots never are empty.
    return !isEmptyElement || self.open.count > 1 && self.closeTop() != nil
  }

  /// To the end of the tag. True if it closes its element too; nil if there is no end.
  private mutating func skipAttributes() -> Bool? {
    while let byte = self.rest.popFirst() {
      switch byte {
      case UInt8(ascii: ">"):
        return false
      case UInt8(ascii: "/"):
        return self.rest.popFirst() == UInt8(ascii: ">") ? true : nil
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        guard let end = self.rest.firstIndex(of: byte) else { return nil }
        self.rest = self.rest[(end + 1)...]
      case UInt8(ascii: "<"):
        return nil
      default:
        continue
      }
    }
    return nil
  }

  private mutating func close() -> XMLElement? {
    let name = self.rest.prefix(while: Self.isNameByte)
    self.rest = self.rest.dropFirst(name.count).drop(while: Self.isBlank)
    guard self.take(">"), let top = self.open.last, name.elementsEqual(top.element.name.utf8) else {
      return nil
    }
    return self.closeTop()
  }

  /// The element, now part of the one around it.
  private mutating func closeTop() -> XMLElement? {
    guard let top = self.open.popLast() else { return nil }
    var element = top.element
    element.content = Secret(String(decoding: top.text, as: UTF8.self))
    if !self.open.isEmpty { self.open[self.open.count - 1].element.children.append(element) }
    return element
  }

  private mutating func text() -> Bool {
    let run = self.rest.prefix { $0 != UInt8(ascii: "<") }
    self.rest = self.rest.dropFirst(run.count)
    guard !self.open.isEmpty else { return run.allSatisfy(Self.isBlank) }
    guard let text = Self.unescaped(run) else { return false }
    self.open[self.open.count - 1].text += text
    return true
  }

  /// With references replaced by what they stand for. Nil if one is cut short or not known.
  private static func unescaped(_ run: ArraySlice<UInt8>) -> [UInt8]? {
    var text: [UInt8] = []
    var rest = run
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "&") else {
        text.append(byte)
        continue
      }
      // No reference that counts is longer than `&#x10FFFF;`.
      guard let end = rest.prefix(10).firstIndex(of: UInt8(ascii: ";")),
        let character = self.character(String(decoding: rest[..<end], as: UTF8.self))
      else { return nil }
      text += Array(String(character).utf8)
      rest = rest[(end + 1)...]
    }
    return text
  }

  private static func character(_ reference: String) -> Unicode.Scalar? {
    switch reference {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let isHexadecimal = reference.hasPrefix("#x")
      let digits = reference.dropFirst(isHexadecimal ? 2 : 1)
      guard reference.hasPrefix("#"), digits.first?.isHexDigit == true,
        let number = UInt32(digits, radix: isHexadecimal ? 16 : 10), number > 0
      else { return nil }
      return Unicode.Scalar(number)
    }
  }

  // MARK: Bytes

  private mutating func take(_ text: StaticString) -> Bool {
    let text = text.description.utf8
    guard self.rest.starts(with: text) else { return false }
    self.rest = self.rest.dropFirst(text.count)
    return true
  }

  private mutating func skip(past end: StaticString) -> Bool {
    while !self.rest.isEmpty {
      if self.take(end) { return true }
      self.rest = self.rest.dropFirst()
    }
    return false
  }

  private mutating func onlyMiscRemains() -> Bool {
    while true {
      self.rest = self.rest.drop(while: Self.isBlank)
      if self.rest.isEmpty { return true }
      guard self.take("<!--"), self.skip(past: "-->") else { return false }
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }

  private static func isNameStart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), 0x80...0xff:
      true
    default:
      false
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: ":"):
      true
    default:
      self.isNameStart(byte)
    }
  }
}
