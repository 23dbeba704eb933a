// SPDX-License-Identifier: Apache-2.0

/// A pattern for the name of a caller: `spiffe://td/thing/{thing}`, `dns:*.ota.example`,
/// `cn:console`, `uid:1000`, `token:{thing}`, `key:console`.
///
/// `*` and `{name}` fill at most the room between two separators, which are `/` in a SPIFFE ID and
/// `.` in a DNS name; the other kinds have none.
package struct IdentityPattern: Equatable, Sendable {
  package static let limitBytes = 2_048

  /// As it was written.
  package let text: String
  package let kind: CallerIdentity.Kind
  private let segments: [PatternSegment]
  /// The variables that a match gives a value to.
  package let variables: [String]

  /// - Throws: ``AuthorizationFault/unreadable(text:rule:)``.
  package init(_ text: String) throws(AuthorizationFault) {
    do {
      try self.init(reading: text)
    } catch {
      throw .unreadable(text: text, rule: error.rule)
    }
  }

  private init(reading text: String) throws(PatternSegment.Misfit) {
    guard text.utf8.count <= Self.limitBytes else {
      throw .init("a pattern has \(Self.limitBytes) bytes at most")
    }
    let (kind, body) = try Self.split(text)
    var segments: [PatternSegment] = []
    for piece in kind.pieces(of: body) {
      let isTrustDomain = kind == .spiffe && segments.isEmpty
      let segment = try PatternSegment(piece) { byte in
        isTrustDomain ? SPIFFEID.isOfTrustDomain(byte) : kind.isLiteral(byte)
      }
      try kind.check(piece, segment, isFirst: segments.isEmpty)
      segments.append(segment)
    }
    let variables = segments.compactMap { segment -> String? in
      if case .variable(let name) = segment.hole { name } else { nil }
    }
    guard Set(variables).count == variables.count else {
      throw .init("a variable stands in it twice")
    }
    self.text = text
    self.kind = kind
    self.segments = segments
    self.variables = variables
  }

  private static func split(
    _ text: String
  ) throws(PatternSegment.Misfit) -> (CallerIdentity.Kind, [UInt8]) {
    let bytes = Array(text.utf8)
    if bytes.starts(with: SPIFFEID.prefix.utf8) {
      return (.spiffe, Array(bytes.dropFirst(SPIFFEID.prefix.utf8.count)))
    }
    let others = CallerIdentity.Kind.allCases.filter { $0 != .spiffe }
    for kind in others where bytes.starts(with: "\(kind.rawValue):".utf8) {
      let body = Array(bytes.dropFirst(kind.rawValue.utf8.count + 1))
      return (kind, kind == .dns ? body.map(\.inLowerCase) : body)
    }
    throw .init("an identity begins with spiffe://, dns:, cn:, uid:, token: or key:")
  }

  /// The variables' values when the name matches, in the order of ``variables``; nil when it does
  /// not.
  func match(_ name: NamePieces) -> [[UInt8]]? {
    guard name.kind == self.kind, name.pieces.count == self.segments.count else { return nil }
    var values: [[UInt8]] = []
    for (segment, piece) in zip(self.segments, name.pieces) {
      guard let filling = segment.filling(in: piece) else { return nil }
      if case .variable = segment.hole { values.append(Array(filling)) }
    }
    return values
  }
}

/// A name cut at its separators, once for all the patterns that it is held against.
struct NamePieces {
  let kind: CallerIdentity.Kind
  let pieces: [ArraySlice<UInt8>]

  init(_ name: CallerIdentity.Name) {
    let prefix = name.kind == .spiffe ? SPIFFEID.prefix.utf8.count : 0
    self.kind = name.kind
    self.pieces = name.kind.pieces(of: Array(name.text.utf8.dropFirst(prefix)))
  }
}

extension CallerIdentity.Kind {
  fileprivate func pieces(of name: [UInt8]) -> [ArraySlice<UInt8>] {
    switch self {
    case .spiffe: name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    case .dns: name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    case .commonName, .uid, .token, .key: [name[...]]
    }
  }

  /// Which bytes a pattern may hold besides its holes.
  fileprivate func isLiteral(_ byte: UInt8) -> Bool {
    switch self {
    case .spiffe: SPIFFEID.isOfPath(byte)
    case .dns: DNSName.isOfLabel(byte)
    case .commonName: byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: "}")
    case .uid: byte.isDigit
    case .token, .key: TokenTable.isOfName(byte)
    }
  }

  /// What a kind demands of its segments beyond their bytes.
  fileprivate func check(
    _ piece: ArraySlice<UInt8>, _ segment: PatternSegment, isFirst: Bool
  ) throws(PatternSegment.Misfit) {
    guard !piece.isEmpty else { throw .init("a part is empty") }
    switch self {
    case .spiffe where isFirst && segment.hole != nil:
      throw .init("a trust domain is spelled out")
    case .spiffe where SPIFFEID.isRelative(piece):
      throw .init("a path has no \".\" or \"..\"")
    case .uid where segment.hole != nil && segment != .anything:
      throw .init("a uid is a number or \"*\"")
    case .uid where segment.hole == nil:
      // The kernel writes it without leading zeros.
      let digits = String(decoding: piece, as: UTF8.self)
      guard let number = UInt32(digits), String(number) == digits else {
        throw .init("a uid is a number or \"*\"")
      }
    default: break
    }
  }
}
