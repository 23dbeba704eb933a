// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// HMAC-SHA-256 under one key (RFC 2104), kept ready: the hashing of the key is done once, and so is
/// that of a beginning that many messages share.
///
///     code = SHA-256(key ⊕ opad, SHA-256(key ⊕ ipad, message))
///
/// It goes from state to state of SHA-256 itself, since libcrypto's own HMAC cannot go back to the
/// middle of a message. States know the key no more than codes do; they are wiped when freed.
package struct HMACSHA256: ~Copyable {
  /// SHA-256 of the key for the inner hash.
  private var innerKey: SHA256State
  /// The same, and of what all messages begin with.
  private var begun: SHA256State
  /// SHA-256 of the key for the outer hash.
  private var outerKey: SHA256State
  private var running: SHA256State

  private static let innerPad: UInt8 = 0x36
  private static let outerPad: UInt8 = 0x5c

  /// Fetches SHA-256 from the default provider and sets the key.
  package init(key: Span<UInt8>) throws(CryptoError) {
    var made = try HMACSHA256()
    try made.setKey(key)
    self = made
  }

  private init() throws(CryptoError) {
    let innerKey = try SHA256State()
    let begun = try SHA256State()
    let outerKey = try SHA256State()
    let running = try SHA256State()
    self.innerKey = innerKey
    self.begun = begun
    self.outerKey = outerKey
    self.running = running
  }

  /// Forgets the present key and beginning, and takes another key.
  package mutating func setKey(_ key: Span<UInt8>) throws(CryptoError) {
    var block = InlineArray<64, UInt8>(repeating: 0)
    // The block stays in its place until this function ends.
    defer { unsafe OPENSSL_cleanse(&block, block.count) }
    if key.count <= block.count {
      for index in key.indices { block[index] = key[index] }
    } else {
      let digest = try self.digest(ofLongKey: key)
      for index in digest.bytes.indices { block[index] = digest.bytes[index] }
    }
    try NativeCall.run("EVP_DigestUpdate") {
      for index in block.indices { block[index] ^= Self.innerPad }
      guard self.innerKey.restart() == 1, self.innerKey.update(block.span) == 1 else { return 0 }
      for index in block.indices { block[index] ^= Self.innerPad ^ Self.outerPad }
      guard self.outerKey.restart() == 1, self.outerKey.update(block.span) == 1 else { return 0 }
      return self.begun.go(to: self.innerKey)
    }
  }

  /// Hashes what all messages from now on begin with.
  package mutating func begin(with bytes: Span<UInt8>) throws(CryptoError) {
    try NativeCall.run("EVP_DigestUpdate") {
      guard self.begun.go(to: self.innerKey) == 1 else { return 0 }
      return self.begun.update(bytes)
    }
  }

  /// The code of the beginning and these bytes. Key and beginning stay for the next message.
  package mutating func authenticate(_ bytes: Span<UInt8>) throws(CryptoError) -> SHA256Digest {
    var digest = SHA256Digest(bytes: InlineArray(repeating: 0))
    try NativeCall.run("EVP_Digest") {
      guard self.running.go(to: self.begun) == 1, self.running.update(bytes) == 1,
        self.running.finish(into: &digest) == 1
      else { return 0 }
      guard self.running.go(to: self.outerKey) == 1, self.running.update(digest.bytes.span) == 1
      else { return 0 }
      return self.running.finish(into: &digest)
    }
    return digest
  }

  private mutating func digest(
    ofLongKey key: Span<UInt8>
  ) throws(CryptoError) -> SHA256Digest {
    var digest = SHA256Digest(bytes: InlineArray(repeating: 0))
    try NativeCall.run("EVP_Digest") {
      guard self.running.restart() == 1, self.running.update(key) == 1 else { return 0 }
      return self.running.finish(into: &digest)
    }
    return digest
  }
}
