// SPDX-License-Identifier: Apache-2.0

/// What a client would take, from a field like `Accept` or `Accept-Encoding` (RFC 9110 §12.4.2).
///
/// What cannot be read counts as not said: nobody is refused a scrape for a field of theirs.
struct AcceptedForms {
  /// How much something is wanted.
  struct Wish: Equatable {
    /// In thousandths; zero for what is not wanted.
    var weight: Int
    /// The client named it, and not only all of its kind.
    var isExact: Bool

    static let none = Wish(weight: 0, isExact: false)
  }

  private struct Member {
    var name: String
    var version: String?
    var weight = 1_000
  }

  private let members: [Member]

  /// - Parameter fields: the values of all fields of that name.
  init(_ fields: [String]) {
    self.members = fields.flatMap { $0.split(separator: ",") }.compactMap(Self.member)
  }

  /// What the client says of a media type or a coding: the most special of the members that hold it
  /// counts (RFC 9110 §12.5.1), and the most wanted of those that are equally special.
  ///
  /// - Parameter versions: values of the parameter `version` that are as good as none.
  func wish(for name: String, versions: [String] = []) -> Wish {
    let kind = name.prefix { $0 != "/" } + "/*"
    for candidate in [name, String(kind), "*/*", "*"] {
      let weights = self.members.lazy
        .filter { $0.name == candidate && $0.version.map(versions.contains) ?? true }
        .map(\.weight)
      guard let weight = weights.max() else { continue }
      return Wish(weight: weight, isExact: candidate == name)
    }
    return .none
  }

  private static func member(_ text: Substring) -> Member? {
    var parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
    var member = Member(name: parts.removeFirst().lowercased())
    guard !member.name.isEmpty else { return nil }
    for part in parts {
      let pair = part.split(separator: "=", maxSplits: 1).map(Self.trimmed)
      guard pair.count == 2 else { continue }
      switch pair[0].lowercased() {
      case "q":
        guard let weight = Self.weight(pair[1]) else { return nil }
        member.weight = weight
      case "version":
        let isQuoted = pair[1].count > 1 && pair[1].hasPrefix("\"") && pair[1].hasSuffix("\"")
        member.version = String(isQuoted ? pair[1].dropFirst().dropLast() : pair[1])
      default: break
      }
    }
    return member
  }

  /// RFC 9110 §12.4.2: 0 to 1 with three digits at most behind the point.
  private static func weight(_ text: Substring) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts[0] == "0" || parts[0] == "1" else { return nil }
    let digits = (parts.count == 2 ? parts[1] : "").utf8
    guard digits.count <= 3 else { return nil }
    var thousandths = parts[0] == "1" ? 1_000 : 0
    for (digit, worth) in zip(digits, [100, 10, 1]) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      thousandths += Int(digit - UInt8(ascii: "0")) * worth
    }
    return thousandths <= 1_000 ? thousandths : nil
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    let rest = text.drop(while: isSpace)
    guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
    return rest[...last]
  }
}
