// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// Reads a shared file line by line.
struct SharedFileReader {
  private let kind: SharedFile.Kind
  private let path: String
  private var sections: [SectionName: FileSection] = [:]
  private var section: SectionName?
  /// The key whose value may go on in the next line.
  private var open: OpenValue?

  private enum SectionName: Hashable {
    /// `[default]` of the config file, which a `[profile default]` beats.
    case plainDefault
    case profile(String)
    case services(String)
    case other(String)
  }

  private struct OpenValue {
    var key: String
    var text: String
    var line: Int
    var indent: Int
    var continuation: [(text: ArraySlice<UInt8>, line: Int)] = []
  }

  init(kind: SharedFile.Kind, path: String) {
    self.kind = kind
    self.path = path
  }

  var profiles: [String: FileSection] {
    var profiles: [String: FileSection] = [:]
    for (name, section) in self.sections {
      if case .profile(let name) = name { profiles[name] = section }
    }
    return profiles.merging(self.sections[.plainDefault].map { ["default": $0] } ?? [:]) {
      profile, _ in profile
    }
  }

  var services: [String: FileSection] {
    var services: [String: FileSection] = [:]
    for (name, section) in self.sections {
      if case .services(let name) = name { services[name] = section }
    }
    return services
  }

  mutating func read(_ bytes: [UInt8]) throws(AWSConfigurationError) {
    let hasMark = bytes.starts(with: [0xef, 0xbb, 0xbf])
    let lines = bytes.dropFirst(hasMark ? 3 : 0)
      .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      try self.read(line, number: index + 1)
    }
    try self.closeValue()
  }

  private mutating func read(_ line: ArraySlice<UInt8>, number: Int) throws(AWSConfigurationError) {
    let text = Self.trimmed(line)
    let isComment = text.first == UInt8(ascii: "#") || text.first == UInt8(ascii: ";")
    guard !text.isEmpty, !isComment else { return }
    guard String(validating: text, as: UTF8.self) != nil else {
      throw self.malformed(number, .notUTF8)
    }
    guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }) else {
      throw self.malformed(number, .controlByte)
    }
    let indent = text.startIndex - line.startIndex
    if let openIndent = self.open?.indent, indent > openIndent {
      self.open?.continuation.append((text, number))
      return
    }
    try self.closeValue()
    if text.first == UInt8(ascii: "[") {
      try self.openSection(text, line: number)
    } else {
      try self.openValue(text, line: number, indent: indent)
    }
  }

  // MARK: Sections

  private mutating func openSection(
    _ text: ArraySlice<UInt8>, line: Int
  ) throws(AWSConfigurationError) {
    guard let end = text.firstIndex(of: UInt8(ascii: "]")) else {
      throw self.malformed(line, .unclosedHeading)
    }
    let rest = Self.trimmed(text[(end + 1)...])
    guard rest.isEmpty || rest.first == UInt8(ascii: "#") || rest.first == UInt8(ascii: ";") else {
      throw self.malformed(line, .textAfterHeading)
    }
    let heading = Self.trimmed(text[(text.startIndex + 1)..<end])
    let name = self.name(String(decoding: heading, as: UTF8.self))
    if let first = self.sections[name] {
      throw self.malformed(line, .duplicateSection(firstLine: first.line))
    }
    self.sections[name] = FileSection(line: line)
    self.section = name
  }

  private func name(_ heading: String) -> SectionName {
    switch self.kind {
    case .credentials:
      return .profile(heading)
    case .config:
      if heading == "default" { return .plainDefault }
      guard let words = ShellWords.split(heading), words.count == 2 else { return .other(heading) }
      switch words[0] {
      case "profile": return .profile(words[1])
      case "services": return .services(words[1])
      default: return .other(heading)
      }
    }
  }

  // MARK: Values

  private mutating func openValue(
    _ text: ArraySlice<UInt8>, line: Int, indent: Int
  ) throws(AWSConfigurationError) {
    guard let section = self.section else { throw self.malformed(line, .keyOutsideSection) }
    let (key, value) = try self.keyAndValue(text, line: line)
    if let first = self.sections[section]?.values[key] {
      throw self.malformed(line, .duplicateKey(firstLine: first.place.line))
    }
    self.open = OpenValue(key: key, text: value, line: line, indent: indent)
  }

  private mutating func closeValue() throws(AWSConfigurationError) {
    guard let open = self.open, let section = self.section else { return }
    self.open = nil
    var text = open.text
    var block: [String: ProfileValue] = [:]
    for line in open.continuation {
      if open.text.isEmpty {
        let (key, value) = try self.keyAndValue(line.text, line: line.line)
        if let first = block[key] {
          throw self.malformed(line.line, .duplicateKey(firstLine: first.place.line))
        }
        block[key] = self.value(value, line: line.line)
      } else {
        text += "\n" + String(decoding: line.text, as: UTF8.self)
      }
    }
    let value = self.value(text, block: block, line: open.line)
    self.sections[section]?.values[open.key] = value
  }

  private func keyAndValue(
    _ text: ArraySlice<UInt8>, line: Int
  ) throws(AWSConfigurationError) -> (key: String, value: String) {
    guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else {
      throw self.malformed(line, .noEqualsSign)
    }
    let key = Self.trimmed(text[..<equals])
    guard !key.isEmpty else { throw self.malformed(line, .emptyKey) }
    let value = Self.trimmed(text[(equals + 1)...])
    return (
      String(decoding: key, as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self)
    )
  }

  private func value(
    _ text: String, block: [String: ProfileValue] = [:], line: Int
  ) -> ProfileValue {
    ProfileValue(
      secret: Secret(text), block: block, place: FilePlace(file: self.path, line: line))
  }

  private func malformed(_ line: Int, _ problem: FileProblem) -> AWSConfigurationError {
    .malformedFile(FilePlace(file: self.path, line: line), problem)
  }

  /// Without the white space around it.
  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isBlank = { (byte: UInt8) in
      byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
    guard let first = bytes.firstIndex(where: { !isBlank($0) }),
      let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return bytes[bytes.endIndex...] }
    return bytes[first...last]
  }
}
