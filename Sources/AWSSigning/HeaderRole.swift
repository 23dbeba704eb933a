// SPDX-License-Identifier: Apache-2.0

/// What a header that a caller sends means to a signature.
enum HeaderRole: Equatable {
  case signed
  /// Passed over: proxies rewrite it, or the signer writes it itself.
  case notSigned
  /// Signed, and its value stands for the payload hash.
  case payloadHash

  /// The list that AWS's own client never signs, and the four that belong to the signer, so that
  /// a request which was signed before can be signed again.
  private static let unsignedNames: [String] = [
    "authorization", "connection", "expect", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    "x-amz-date", "x-amz-security-token", "x-amzn-trace-id",
  ]

  init(_ name: String) {
    if caseInsensitiveEqual(name, "x-amz-content-sha256") {
      self = .payloadHash
    } else if Self.unsignedNames.contains(where: { caseInsensitiveEqual($0, name) }) {
      self = .notSigned
    } else {
      self = .signed
    }
  }
}

/// Compares header names as HTTP does: ASCII letters without regard to case (RFC 9110 §5.1).
func caseInsensitiveEqual(_ left: String, _ right: String) -> Bool {
  guard left.utf8.count == right.utf8.count else { return false }
  return zip(left.utf8, right.utf8).allSatisfy { left, right in
    lowercased(left) == lowercased(right)
  }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
  UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}
