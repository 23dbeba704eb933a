// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// Signing keys by day, region, service and credential, each as an HMAC context that is ready.
///
/// Making a key costs four HMACs; it is good for a day. The oldest key makes room when the cache
/// is full, so a new day or a new credential drives the old key out, and nothing grows.
/// Source: AWS General Reference, "Derive a signing key".
struct SigningKeyCache: ~Copyable {
  private var keys: [SigningKey] = []
  private var oldest = 0
  private let capacity: Int

  /// A signer needs one key at a time; a verifier one for each credential in use.
  init(capacity: Int) {
    self.capacity = max(capacity, 1)
  }

  mutating func key(
    for scope: CredentialScope, of credential: Credential
  ) throws(CryptoError) -> SigningKey {
    for key in self.keys where key.serves(scope, credential) { return key }
    guard self.keys.count == self.capacity else {
      let key = try SigningKey(scope: scope, credential: credential)
      self.keys.append(key)
      return key
    }
    let key = self.keys[self.oldest]
    try key.derive(for: scope, of: credential)
    self.oldest = (self.oldest + 1) % self.capacity
    return key
  }
}

/// One derived key. A class because arrays hold no non-copyable values.
///
/// The string to sign begins with the time and the scope, which the requests of one second share:
/// `hmac` has begun with them.
final class SigningKey {
  private var scope: CredentialScope
  private var accessKeyID: String
  private var secret: Secret
  private var hmac: HMACSHA256
  /// The string to sign up to the digest of the request.
  private(set) var preamble: [UInt8] = []
  /// The time in `preamble`.
  private var begunAt: SigningTime?

  init(scope: CredentialScope, credential: Credential) throws(CryptoError) {
    self.scope = scope
    self.accessKeyID = credential.accessKeyID
    self.secret = credential.secretAccessKey
    let noKeyYet: [UInt8] = []
    self.hmac = try HMACSHA256(key: noKeyYet.span)
    try self.derive(for: scope, of: credential)
  }

  func serves(_ scope: CredentialScope, _ credential: Credential) -> Bool {
    self.scope.time.dayNumber == scope.time.dayNumber && self.scope.region == scope.region
      && self.scope.service == scope.service && self.accessKeyID == credential.accessKeyID
      && self.secret == credential.secretAccessKey
  }

  /// Signs a request of this moment of the key's day.
  /// Source: AWS General Reference, "Create a string to sign".
  func sign(
    _ requestDigest: SHA256Digest, at time: SigningTime
  ) throws(CryptoError) -> SHA256Digest {
    if self.begunAt != time { try self.begin(at: time) }
    let digits = requestDigest.hex
    return try self.hmac.authenticate(digits.span)
  }

  private func begin(at time: SigningTime) throws(CryptoError) {
    self.begunAt = nil
    var preamble = Array("\(SignatureCalculator.algorithm)\n\(time.text)\n".utf8)
    self.scope.append(to: &preamble)
    preamble.append(UInt8(ascii: "\n"))
    try self.hmac.begin(with: preamble.span)
    self.preamble = preamble
    self.begunAt = time
  }

  /// Takes another scope or credential. If a step fails, the key serves nobody: its id is set last.
  func derive(
    for scope: CredentialScope, of credential: Credential
  ) throws(CryptoError) {
    self.accessKeyID = ""
    self.begunAt = nil
    var secret = Array("AWS4".utf8)
    secret.append(contentsOf: credential.secretAccessKey.text.utf8)
    try self.hmac.setKey(secret.span)
    let parts = [scope.time.dateText, scope.region, scope.service, CredentialScope.terminator]
    for part in parts {
      let next = try self.hmac.authenticate(Array(part.utf8).span)
      try self.hmac.setKey(next.bytes.span)
    }
    self.scope = scope
    self.secret = credential.secretAccessKey
    self.accessKeyID = credential.accessKeyID
  }
}
