// SPDX-License-Identifier: Apache-2.0

extension SignatureClaim {
  /// Reads the `Authorization` header:
  ///
  ///     AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…
  ///
  /// The parameters come in any order, each once, with commas and optional spaces between.
  init(
    authorization: String, headers: IncomingHeaders, signedHeaderLimit: Int
  ) throws(SignatureRefusal) {
    let (algorithm, parameters) = Self.cut(authorization)
    try Self.checkAlgorithm(algorithm)
    var found: [AuthorizationParameter: String] = [:]
    // Three are wanted; a fourth piece is already one too many.
    for piece in parameters.pieces(between: ",", maxSplits: 3) {
      let (name, value) = try Self.parameter(piece)
      guard found.updateValue(value, forKey: name) == nil else {
        throw .incomplete("Authorization header has '\(name.rawValue)' twice.")
      }
    }
    let missing = AuthorizationParameter.allCases.filter { found[$0, default: ""].isEmpty }
    guard missing.isEmpty else { throw Self.missing(missing) }
    let date = try headers.single("x-amz-date")
    guard let date else {
      throw .incomplete("Authorization header requires existence of an 'X-Amz-Date' header.")
    }
    self.form = .header
    self.credential = try ClaimedCredential(found[.credential, default: ""])
    self.signedAt = try Self.time(date)
    self.expiresInSeconds = nil
    self.sessionToken = try headers.single("x-amz-security-token")
    self.signedHeaders = try Self.signedHeaders(
      found[.signedHeaders, default: ""], atMost: signedHeaderLimit)
    self.signature = found[.signature, default: ""]
  }

  private enum AuthorizationParameter: String, CaseIterable {
    case credential = "Credential"
    case signature = "Signature"
    case signedHeaders = "SignedHeaders"
  }

  private static func cut(_ authorization: String) -> (Substring, Substring) {
    let text = authorization.utf8.drop { $0 == UInt8(ascii: " ") }
    let end = text.firstIndex(of: UInt8(ascii: " ")) ?? text.endIndex
    return (Substring(text[..<end]), Substring(text[end...]))
  }

  private static func parameter(
    _ piece: Substring
  ) throws(SignatureRefusal) -> (AuthorizationParameter, String) {
    let piece = IncomingHeaders.trimmed(piece)
    guard let equals = piece.utf8.firstIndex(of: UInt8(ascii: "=")),
      let name = AuthorizationParameter(rawValue: String(piece[..<equals]))
    else {
      throw .incomplete(
        "Authorization header holds what is no 'Credential', 'SignedHeaders' or 'Signature' "
          + "parameter.")
    }
    return (name, String(piece[piece.utf8.index(after: equals)...]))
  }

  private static func missing(_ parameters: [AuthorizationParameter]) -> SignatureRefusal {
    let texts = parameters.map { "Authorization header requires '\($0.rawValue)' parameter." }
    return .incomplete(texts.joined(separator: " "))
  }
}
