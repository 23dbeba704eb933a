// SPDX-License-Identifier: Apache-2.0
//
// Digest/ knows SHA-256 as libcrypto's providers give it, and HMAC made of it. It refuses to know
// what is hashed or why: canonical requests are AWSSigning's business.

/// SHA-256 over whole byte strings, one after the other (FIPS 180-4).
///
/// One hasher lives as long as its owner, say an event loop, and reuses its state.
package struct SHA256Hasher: ~Copyable {
  private var state: SHA256State

  /// Fetches SHA-256 from the default provider.
  package init() throws(CryptoError) {
    self.state = try SHA256State()
  }

  /// The digest of these bytes. It can fail only as the provider can: see ``CryptoError``.
  package mutating func hash(_ bytes: Span<UInt8>) throws(CryptoError) -> SHA256Digest {
    var digest = SHA256Digest(bytes: InlineArray(repeating: 0))
    try NativeCall.run("EVP_Digest") {
      guard self.state.restart() == 1, self.state.update(bytes) == 1 else { return 0 }
      return self.state.finish(into: &digest)
    }
    return digest
  }
}
