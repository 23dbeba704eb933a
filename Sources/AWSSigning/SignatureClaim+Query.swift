// SPDX-License-Identifier: Apache-2.0

extension SignatureClaim {
  /// The parameters of a presigned URL, by their names on the wire.
  enum QueryParameter: String, CaseIterable {
    case algorithm = "X-Amz-Algorithm"
    case credential = "X-Amz-Credential"
    case date = "X-Amz-Date"
    case expires = "X-Amz-Expires"
    case signedHeaders = "X-Amz-SignedHeaders"
    case signature = "X-Amz-Signature"
    case securityToken = "X-Amz-Security-Token"

    /// True for a parameter that no request has which is not presigned.
    var marksPresigned: Bool {
      switch self {
      case .algorithm, .credential, .signature: true
      case .date, .expires, .signedHeaders, .securityToken: false
      }
    }
  }

  /// Reads the query of a target. Nil if it is not a presigned one.
  init?(target: String, signedHeaderLimit: Int) throws(SignatureRefusal) {
    let found = try Self.parameters(of: target)
    guard found.keys.contains(where: \.marksPresigned) else { return nil }
    let missing = QueryParameter.allCases.filter {
      $0 != .securityToken && found[$0, default: ""].isEmpty
    }
    guard missing.isEmpty else { throw Self.missing(missing) }
    try Self.checkAlgorithm(found[.algorithm, default: ""])
    self.form = .query
    self.credential = try ClaimedCredential(found[.credential, default: ""])
    self.signedAt = try Self.time(found[.date, default: ""])
    self.expiresInSeconds = try Self.expiry(found[.expires, default: ""])
    self.sessionToken = found[.securityToken]
    self.signedHeaders = try Self.signedHeaders(
      found[.signedHeaders, default: ""], atMost: signedHeaderLimit)
    self.signature = found[.signature, default: ""]
  }

  private static func parameters(
    of target: String
  ) throws(SignatureRefusal) -> [QueryParameter: String] {
    let bytes = target.utf8.span
    var pathEnd = 0
    while pathEnd < bytes.count, bytes[pathEnd] != UInt8(ascii: "?") { pathEnd += 1 }
    var query = CanonicalQuery()
    query.read(bytes, from: pathEnd + 1)
    var found: [QueryParameter: String] = [:]
    for pair in query.pairs {
      let name = QueryParameter.allCases.first { parameter in
        CanonicalQuery.matches(bytes, pair.nameStart..<pair.nameEnd, parameter.rawValue)
      }
      guard let name else { continue }
      var raw: [UInt8] = []
      for index in pair.valueStart..<pair.valueEnd { raw.append(bytes[index]) }
      guard let value = PercentEncoding.decode(raw) else {
        throw .incomplete("'\(name.rawValue)' is not percent-encoded UTF-8.")
      }
      guard found.updateValue(value, forKey: name) == nil else {
        throw .incomplete("'\(name.rawValue)' is given twice.")
      }
    }
    return found
  }

  private static func expiry(_ text: String) throws(SignatureRefusal) -> Int64 {
    // Int64's own reader would take a sign; the range cannot hold more than six digits.
    let isNumber = text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    guard isNumber, let seconds = Int64(text), RequestSigner.presignExpiryRange ~= seconds else {
      throw .incomplete("X-Amz-Expires must be a number of seconds between 1 and 604800.")
    }
    return seconds
  }

  private static func missing(_ parameters: [QueryParameter]) -> SignatureRefusal {
    let texts = parameters.map { "AWS query-string parameters must include '\($0.rawValue)'." }
    return .incomplete(
      texts.joined(separator: " ") + " Re-examine the query-string parameters.")
  }
}
