// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// A value of a seed file that knows its place in it, so that each complaint can name that place.
struct SeedReader {
  private let value: JSONValue
  /// `jobs[2].targets[0]`; empty for the whole file.
  private let place: String

  init(root: JSONValue, members: Set<String>) throws(EmulatorSeedError) {
    self.init(value: root, place: "")
    try self.refuseMembers(besides: members)
  }

  private init(value: JSONValue, place: String) {
    self.value = value
    self.place = place
  }

  private func complaint(_ problem: String) -> EmulatorSeedError {
    EmulatorSeedError(place: self.place.isEmpty ? "the file" : self.place, problem: problem)
  }

  // MARK: Objects

  /// Checks that this is an object and holds nothing but these members.
  func refuseMembers(besides known: Set<String>) throws(EmulatorSeedError) {
    guard self.value.isObject else { throw self.complaint("expected an object") }
    for (name, _) in self.value.members where !known.contains(name) {
      throw self.complaint(
        "unknown member \"\(name)\"; known are \(known.sorted().joined(separator: ", "))")
    }
  }

  /// The member under a name; nil if it is absent or null.
  func member(_ name: String) throws(EmulatorSeedError) -> SeedReader? {
    guard self.value.isObject else { throw self.complaint("expected an object") }
    let place = self.place.isEmpty ? name : "\(self.place).\(name)"
    return self.value[name].map { SeedReader(value: $0, place: place) }
  }

  /// As ``member(_:)``, for one that is an object with no other than these members.
  func member(_ name: String, members: Set<String>) throws(EmulatorSeedError) -> SeedReader? {
    let member = try self.member(name)
    try member?.refuseMembers(besides: members)
    return member
  }

  func required(_ name: String) throws(EmulatorSeedError) -> SeedReader {
    guard let member = try self.member(name) else {
      throw self.complaint("member \"\(name)\" is missing")
    }
    return member
  }

  /// The elements of the array under a name; none if it is absent.
  func elements(_ name: String) throws(EmulatorSeedError) -> [SeedReader] {
    guard let member = try self.member(name) else { return [] }
    guard member.value.kind == .array else { throw member.complaint("expected an array") }
    return member.value.elements.enumerated().map { index, element in
      SeedReader(value: element, place: "\(member.place)[\(index)]")
    }
  }

  // MARK: Scalars

  func text() throws(EmulatorSeedError) -> String {
    guard let text = self.value.string else { throw self.complaint("expected a string") }
    return text
  }

  func integer() throws(EmulatorSeedError) -> Int64 {
    guard self.value.kind == .integer, let integer = self.value.int64 else {
      throw self.complaint("expected an integer")
    }
    return integer
  }

  /// A job document: a string that holds it, or the object itself, written out compactly.
  func document() throws(EmulatorSeedError) -> String {
    if let text = self.value.string { return text }
    guard self.value.isObject else { throw self.complaint("expected an object or a string") }
    var writer = JSONWriter()
    writer.element(self.value)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

extension JSONWriter {
  /// Writes a parsed value out again. The parser bounds the depth.
  fileprivate mutating func element(_ value: JSONValue) {
    switch value.kind {
    case .object:
      self.object { writer in
        for (name, member) in value.members { writer.member(name, member) }
      }
    case .array:
      self.array { writer in
        for element in value.elements { writer.element(element) }
      }
    case .string: self.element(value.string ?? "")
    case .integer: self.element(value.int64 ?? 0)
    case .real: self.element(value.double ?? 0)
    case .bool: self.element(value.bool ?? false)
    case .null: self.null()
    }
  }

  private mutating func member(_ name: String, _ value: JSONValue) {
    switch value.kind {
    case .object:
      self.member(
        name,
        object: { writer in
          for (name, member) in value.members { writer.member(name, member) }
        })
    case .array:
      self.member(
        name,
        array: { writer in
          for element in value.elements { writer.element(element) }
        })
    case .string: self.member(name, value.string)
    case .integer: self.member(name, value.int64)
    case .real: self.member(name, value.double)
    case .bool: self.member(name, value.bool)
    case .null: self.nullMember(name)
    }
  }
}
