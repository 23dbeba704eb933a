// SPDX-License-Identifier: Apache-2.0

/// What a set of .proto files declares, and in which of them, for server reflection.
///
/// The encoded files are kept once and handed out as slices.
package struct DescriptorIndex: Sendable {
  /// One file of the set.
  struct File: Sendable {
    /// The encoded `FileDescriptorProto`.
    var bytes: ArraySlice<UInt8>
    /// The positions of the files that it imports.
    var imports: [Int] = []
  }

  private(set) var files: [File] = []
  private var positions: [String: Int] = [:]
  /// By full name: messages, fields, oneofs, enums and their values, services, methods, extensions.
  private var symbols: [String: Int] = [:]
  private var messages: Set<String> = []
  /// By the full name of the message that is extended, then by number.
  private var extensions: [String: [Int32: Int]] = [:]
  /// The full names of all services, in alphabetical order.
  package private(set) var services: [String] = []

  /// - Parameter set: an encoded `FileDescriptorSet` in which a file comes after those it imports.
  package init(set: [UInt8]) throws(ProtobufError) {
    for slice in try DescriptorNode(set[...]).slices(1) {
      try self.add(slice)
    }
    self.services.sort()
  }

  // MARK: Asking

  func file(named name: String) -> Int? { self.positions[name] }

  func file(declaring symbol: String) -> Int? { self.symbols[symbol] }

  func file(extending message: String, with number: Int32) -> Int? {
    self.extensions[message]?[number]
  }

  /// Nil if there is no such message.
  func extensionNumbers(of message: String) -> [Int32]? {
    guard self.messages.contains(message) else { return nil }
    return (self.extensions[message] ?? [:]).keys.sorted()
  }
}

// MARK: - Building

// The numbers are those of descriptor.proto.
extension DescriptorIndex {
  private mutating func add(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    let node = try DescriptorNode(bytes)
    let position = self.files.count
    var file = File(bytes: bytes)
    for name in try node.slices(3) {
      guard let imported = self.positions[String(decoding: name, as: UTF8.self)] else { continue }
      file.imports.append(imported)
    }
    self.files.append(file)
    self.positions[try node.text(1)] = position

    let package = try node.text(2)
    for message in try node.nodes(4) { try self.add(message: message, in: package, position) }
    for list in try node.nodes(5) { try self.add(enumeration: list, in: package, position) }
    for service in try node.nodes(6) {
      let name = Self.name(try service.text(1), in: package)
      self.services.append(name)
      self.symbols[name] = position
      for method in try service.nodes(2) {
        self.symbols[Self.name(try method.text(1), in: name)] = position
      }
    }
    for field in try node.nodes(7) { try self.add(extension: field, in: package, position) }
  }

  private mutating func add(
    message: DescriptorNode, in scope: String, _ position: Int
  ) throws(ProtobufError) {
    let name = Self.name(try message.text(1), in: scope)
    self.messages.insert(name)
    self.symbols[name] = position
    for part in try message.nodes(2) + message.nodes(8) {
      self.symbols[Self.name(try part.text(1), in: name)] = position
    }
    for nested in try message.nodes(3) { try self.add(message: nested, in: name, position) }
    for list in try message.nodes(4) { try self.add(enumeration: list, in: name, position) }
    for field in try message.nodes(6) { try self.add(extension: field, in: name, position) }
  }

  /// The values of an enum are its siblings, as in C++.
  private mutating func add(
    enumeration: DescriptorNode, in scope: String, _ position: Int
  ) throws(ProtobufError) {
    for part in try [enumeration] + enumeration.nodes(2) {
      self.symbols[Self.name(try part.text(1), in: scope)] = position
    }
  }

  private mutating func add(
    extension field: DescriptorNode, in scope: String, _ position: Int
  ) throws(ProtobufError) {
    self.symbols[Self.name(try field.text(1), in: scope)] = position
    // Compilers write the full name with a dot before it.
    let extended = try field.text(2).drop { $0 == "." }
    let number = Int32(truncatingIfNeeded: try field.number(3))
    self.extensions[String(extended), default: [:]][number] = position
  }

  private static func name(_ name: String, in scope: String) -> String {
    scope.isEmpty ? name : scope + "." + name
  }
}
