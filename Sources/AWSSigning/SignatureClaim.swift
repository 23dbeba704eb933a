// SPDX-License-Identifier: Apache-2.0

/// What a request says of its own signature: who, when, for what, over which headers. Nothing here
/// is believed yet.
struct SignatureClaim: Equatable {
  var form: VerifiedCaller.Form
  var credential: ClaimedCredential
  var signedAt: SigningTime
  /// The life of a presigned URL in seconds; nil in headers.
  var expiresInSeconds: Int64?
  var sessionToken: String?
  var signedHeaders: [Substring]
  var signature: String
}

/// `AKID/yyyymmdd/region/service/aws4_request`, taken apart.
struct ClaimedCredential: Equatable {
  var accessKeyID: String
  var date: String
  var region: String
  var service: String
  var terminator: String

  init(_ text: String) throws(SignatureRefusal) {
    let parts = text[...].pieces(between: "/", maxSplits: 5)
    guard parts.count == 5, parts.allSatisfy({ !$0.isEmpty }) else {
      throw .incomplete(
        "Credential must have exactly 5 slash-delimited elements, "
          + "e.g. keyid/date/region/service/term.")
    }
    self.accessKeyID = String(parts[0])
    self.date = String(parts[1])
    self.region = String(parts[2])
    self.service = String(parts[3])
    self.terminator = String(parts[4])
  }
}

extension SignatureClaim {
  /// Names in lower case, each once, in order: as signers must write them. Another spelling could
  /// not be the one that was hashed.
  static func signedHeaders(
    _ text: String, atMost limit: Int
  ) throws(SignatureRefusal) -> [Substring] {
    let names = text[...].pieces(between: ";", maxSplits: limit)
    guard names.count <= limit else { throw .malformed("Too many signed headers.") }
    let areInOrder = zip(names, names.dropFirst()).allSatisfy { previous, name in
      previous.utf8.lexicographicallyPrecedes(name.utf8)
    }
    let areTokens = names.allSatisfy { name in
      !name.isEmpty && name.utf8.allSatisfy { Self.isLowerTokenByte($0) }
    }
    guard areInOrder, areTokens else {
      throw .incomplete("SignedHeaders must list lower-case names, sorted, each once.")
    }
    return names
  }

  static func time(_ stamp: String) throws(SignatureRefusal) -> SigningTime {
    guard let time = SigningTime(stamp: stamp) else {
      throw .incomplete("Date must be in ISO-8601 'basic format'.")
    }
    return time
  }

  static func checkAlgorithm(_ name: some StringProtocol) throws(SignatureRefusal) {
    guard name == SignatureCalculator.algorithm else {
      throw .incomplete("Unsupported AWS 'algorithm'.")
    }
  }

  private static func isLowerTokenByte(_ byte: UInt8) -> Bool {
    PercentEncoding.isUnreserved(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte)
      || "!#$%&'*+^`|".utf8.contains(byte)
  }
}

extension Substring {
  /// Cuts at an ASCII separator, empty pieces kept. Bytes are looked at, not characters: that is
  /// many times faster, and no combining mark can hide a separator.
  func pieces(between separator: Unicode.Scalar, maxSplits: Int) -> [Substring] {
    self.utf8.split(
      separator: UInt8(ascii: separator), maxSplits: maxSplits, omittingEmptySubsequences: false
    ).map { Substring($0) }
  }
}
