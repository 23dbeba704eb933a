// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// From a canonical request to its signature: the arithmetic that whoever signs and whoever checks
/// have in common.
/// Source: AWS General Reference, "Create a string to sign" and "Calculate the signature".
struct SignatureCalculator: ~Copyable {
  static let algorithm = "AWS4-HMAC-SHA256"

  var request = CanonicalRequest()
  /// What the last signature was made with.
  private var last: (key: SigningKey, requestDigest: SHA256Digest)?
  private var hasher: SHA256Hasher
  private var keys: SigningKeyCache

  init(keyCapacity: Int) throws(SigningError) {
    do {
      self.hasher = try SHA256Hasher()
    } catch {
      throw .crypto(error)
    }
    self.keys = SigningKeyCache(capacity: keyCapacity)
  }

  mutating func hash(_ bytes: Span<UInt8>) throws(SigningError) -> SHA256Digest {
    // The hash of nothing is the payload hash of every GET.
    if bytes.isEmpty { return .ofNothing }
    do {
      return try self.hasher.hash(bytes)
    } catch {
      throw .crypto(error)
    }
  }

  /// Signs what ``request`` holds.
  mutating func signature(
    scope: CredentialScope, credential: Credential
  ) throws(SigningError) -> SHA256Digest {
    let request = self.request.bytes
    do {
      let requestDigest = try self.hasher.hash(request.span)
      let key = try self.keys.key(for: scope, of: credential)
      self.last = (key, requestDigest)
      return try key.sign(requestDigest, at: scope.time)
    } catch {
      throw .crypto(error)
    }
  }

  /// What the last signature was made of.
  var stringToSign: [UInt8] {
    guard let last = self.last else { return [] }
    var text = last.key.preamble
    last.requestDigest.appendHex(to: &text)
    return text
  }
}
