// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// The access keys that callers of the door sign with, by the names they were given. None of them is
/// AWS's: they are known to this gateway and its callers alone.
package struct KeyTable: Sendable {
  package static let keyLimit = 1_024
  /// AWS's own secrets have 40 characters; shorter ones than these can be guessed.
  package static let secretBytes = 16...256
  package static let keyIDBytes = 3...128
  package static let nameLimitBytes = 128

  private(set) var credentials: [Credential] = []
  /// By access key id.
  private var names: [String: String] = [:]

  package init() {}

  package var count: Int { self.credentials.count }

  /// Whose key it is; nil for one that is not known.
  package func name(ofKeyID keyID: String) -> String? { self.names[keyID] }

  /// Reads lines of the form `NAME: ACCESS_KEY_ID SECRET_ACCESS_KEY`; empty lines and those that
  /// begin with `#` say nothing. A name may have several keys, so that one can be replaced by another
  /// without a gap.
  package init(parsing text: [UInt8]) throws(KeyFault) {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      guard let first = words.first?.first, first != UInt8(ascii: "#") else { continue }
      do throws(Misfit) {
        try self.add(words)
      } catch {
        throw KeyFault(line: index + 1, rule: error.rule)
      }
    }
  }

  private struct Misfit: Error {
    var rule: String
    init(_ rule: String) { self.rule = rule }
  }

  private mutating func add(_ words: [ArraySlice<UInt8>]) throws(Misfit) {
    guard words.count == 3, words[0].last == UInt8(ascii: ":") else {
      throw Misfit("a line is NAME: ACCESS_KEY_ID SECRET_ACCESS_KEY")
    }
    let name = words[0].dropLast()
    guard 1...Self.nameLimitBytes ~= name.count, name.allSatisfy(Self.isOfName) else {
      throw Misfit("a name has 1 to \(Self.nameLimitBytes) of [a-zA-Z0-9._-]")
    }
    guard Self.keyIDBytes ~= words[1].count, words[1].allSatisfy(Self.isOfKeyID) else {
      throw Misfit(
        "an access key id has \(Self.keyIDBytes.lowerBound) to \(Self.keyIDBytes.upperBound) of "
          + "[a-zA-Z0-9_]")
    }
    guard Self.secretBytes ~= words[2].count, words[2].allSatisfy({ 0x21...0x7e ~= $0 }) else {
      throw Misfit(
        "a secret has \(Self.secretBytes.lowerBound) to \(Self.secretBytes.upperBound) bytes of "
          + "visible ASCII")
    }
    guard self.count < Self.keyLimit else { throw Misfit("more than \(Self.keyLimit) keys") }
    let keyID = String(decoding: words[1], as: UTF8.self)
    guard self.names.updateValue(String(decoding: name, as: UTF8.self), forKey: keyID) == nil else {
      throw Misfit("this access key id has a line already")
    }
    self.credentials.append(
      Credential(
        accessKeyID: keyID, secretAccessKey: String(decoding: words[2], as: UTF8.self)))
  }

  private static func isOfKeyID(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    Self.isOfKeyID(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
  }
}

/// What is wrong with a line of the key file, counted from one. A secret is never repeated.
package struct KeyFault: Error, Equatable, Sendable, CustomStringConvertible {
  package var line: Int
  package var rule: String

  package var description: String { "line \(self.line): \(self.rule)" }
}
