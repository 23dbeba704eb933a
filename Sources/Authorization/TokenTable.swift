// SPDX-License-Identifier: Apache-2.0

/// The bearer tokens that are known, by the names they were given. It holds no token, only digests.
package struct TokenTable: Sendable {
  package static let tokenLimit = 1_024
  /// Shorter ones can be guessed.
  package static let leastTokenBytes = 16
  package static let nameLimitBytes = 128

  private var digests: [TokenDigest] = []
  private var names: [String] = []

  package init() {}

  package var count: Int { self.names.count }

  /// Reads lines of the form `NAME: TOKEN` or `NAME: sha256:DIGITS`; empty lines and those that
  /// begin with `#` say nothing. A name may have several tokens, so that one can be replaced by
  /// another without a gap.
  /// - Parameter digest: the SHA-256 of a token; nil if it cannot be had.
  /// - Throws: ``AuthorizationFault/token(line:rule:)``.
  package init(
    parsing text: [UInt8], digest: (ArraySlice<UInt8>) -> TokenDigest?
  ) throws(AuthorizationFault) {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let line = line.trimmed
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      do throws(Misfit) {
        let (name, value) = try Self.split(line)
        try self.add(try Self.entry(value, digest), name: name)
      } catch {
        throw .token(line: index + 1, rule: error.rule)
      }
    }
  }

  private struct Misfit: Error {
    var rule: String
    init(_ rule: String) { self.rule = rule }
  }

  private static func split(
    _ line: ArraySlice<UInt8>
  ) throws(Misfit) -> (name: String, value: ArraySlice<UInt8>) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      throw Misfit("a line is NAME: TOKEN or NAME: sha256:DIGITS")
    }
    let name = line[..<colon].trimmed
    guard (1...Self.nameLimitBytes).contains(name.count), name.allSatisfy(Self.isOfName) else {
      throw Misfit("a name has 1 to \(Self.nameLimitBytes) of [a-zA-Z0-9._-]")
    }
    return (String(decoding: name, as: UTF8.self), line[line.index(after: colon)...].trimmed)
  }

  private static func entry(
    _ value: ArraySlice<UInt8>, _ digest: (ArraySlice<UInt8>) -> TokenDigest?
  ) throws(Misfit) -> TokenDigest {
    if let written = try Self.writtenDigest(value) { return written }
    guard let taken = digest(try Self.checked(value)) else {
      throw Misfit("the token's digest cannot be had")
    }
    return taken
  }

  private static func writtenDigest(_ value: ArraySlice<UInt8>) throws(Misfit) -> TokenDigest? {
    let prefix = "sha256:".utf8
    guard value.starts(with: prefix) else { return nil }
    guard let digest = TokenDigest(hex: value.dropFirst(prefix.count)) else {
      throw Misfit("after sha256: come 64 hexadecimal digits")
    }
    return digest
  }

  private static func checked(_ token: ArraySlice<UInt8>) throws(Misfit) -> ArraySlice<UInt8> {
    guard BearerToken.isToken(token) else {
      throw Misfit("a token holds only [a-zA-Z0-9._~+/-] and = at its end")
    }
    guard token.count >= Self.leastTokenBytes, token.count <= BearerToken.limitBytes else {
      throw Misfit("a token has \(Self.leastTokenBytes) to \(BearerToken.limitBytes) bytes")
    }
    return token
  }

  private mutating func add(_ digest: TokenDigest, name: String) throws(Misfit) {
    guard self.count < Self.tokenLimit else { throw Misfit("more than \(Self.tokenLimit) tokens") }
    if let earlier = self.name(of: digest), earlier != name {
      throw Misfit("this token has another name already")
    }
    self.digests.append(digest)
    self.names.append(name)
  }

  /// The name of a token; nil for one that is not known. Each digest is looked at to its end, so
  /// that time tells nothing of how near a guess came.
  package func name(of digest: TokenDigest) -> String? {
    var found: UInt64 = 0
    for index in self.digests.indices {
      // The last of equal ones counts, as equal ones have equal names.
      let isMatch = self.digests[index].equality(digest)
      found = isMatch &* UInt64(index + 1) | (1 &- isMatch) &* found
    }
    return found == 0 ? nil : self.names[Int(found) - 1]
  }

  static func isOfName(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit
      || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
  }
}

extension ArraySlice<UInt8> {
  /// Without spaces, tabs and carriage returns at its ends.
  fileprivate var trimmed: ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    guard let first = self.firstIndex(where: { !isBlank($0) }),
      let last = self.lastIndex(where: { !isBlank($0) })
    else { return [] }
    return self[first...last]
  }
}
