// SPDX-License-Identifier: Apache-2.0

/// What a SPIFFE ID looks like (SPIFFE-ID §2).
enum SPIFFEID {
  static let prefix = "spiffe://"
  static let limitBytes = 2_048

  static func isValid(_ id: String.UTF8View) -> Bool {
    guard id.count <= Self.limitBytes, id.starts(with: Self.prefix.utf8) else { return false }
    let segments = id.dropFirst(Self.prefix.utf8.count)
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let trustDomain = segments.first, !trustDomain.isEmpty,
      trustDomain.allSatisfy(Self.isOfTrustDomain)
    else { return false }
    return segments.dropFirst().allSatisfy { segment in
      !segment.isEmpty && !Self.isRelative(segment) && segment.allSatisfy(Self.isOfPath)
    }
  }

  static func isOfTrustDomain(_ byte: UInt8) -> Bool {
    Self.isOfPath(byte) && !byte.isUpperCaseLetter
  }

  static func isOfPath(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit
      || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains(byte)
  }

  /// `.` and `..`, which no path may hold.
  static func isRelative(_ segment: some Collection<UInt8>) -> Bool {
    (1...2).contains(segment.count) && segment.allSatisfy { $0 == UInt8(ascii: ".") }
  }
}

/// What the name of a host looks like, in a certificate.
enum DNSName {
  static let limitBytes = 253

  static func isValid(_ name: String.UTF8View) -> Bool {
    guard name.count <= Self.limitBytes else { return false }
    return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .allSatisfy { !$0.isEmpty && $0.allSatisfy(Self.isOfLabel) }
  }

  static func isOfLabel(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  /// One spelling for each name: else `LAMP.example` could act as another thing than
  /// `lamp.example`, although both are one host's.
  static func lowercased(_ name: String) -> String {
    String(decoding: name.utf8.map(\.inLowerCase), as: UTF8.self)
  }
}

extension UInt8 {
  var isUpperCaseLetter: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }

  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  var isLetterOrDigit: Bool {
    self.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self.inLowerCase)
  }

  var inLowerCase: UInt8 { self.isUpperCaseLetter ? self | 0x20 : self }
}
