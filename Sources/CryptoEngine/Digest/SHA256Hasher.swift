// SPDX-License-Identifier: Apache-2.0
//
// Digest/ knows SHA-256 and HMAC-SHA-256 as libcrypto's providers give them. It refuses to know
// what is hashed or why: canonical requests are AWSSigning's business.

import COpenSSL

/// SHA-256 over whole byte strings, one after the other (FIPS 180-4).
///
/// Fetching an algorithm costs more than hashing a request does, so one hasher lives as long as
/// its owner, say an event loop, and reuses its context.
@safe
package struct SHA256Hasher: ~Copyable {
  /// An `EVP_MD_CTX`, owned.
  private let context: OpaquePointer
  /// An `EVP_MD`, owned.
  private let algorithm: OpaquePointer

  /// Fetches SHA-256 from the default provider.
  package init() throws(CryptoError) {
    let algorithm = unsafe try NativeCall.make("EVP_MD_fetch") {
      unsafe EVP_MD_fetch(nil, "SHA256", nil)
    }
    do {
      unsafe self.context = try NativeCall.make("EVP_MD_CTX_new") { unsafe EVP_MD_CTX_new() }
    } catch {
      unsafe EVP_MD_free(algorithm)
      throw error
    }
    unsafe self.algorithm = algorithm
  }

  deinit {
    unsafe EVP_MD_CTX_free(self.context)
    unsafe EVP_MD_free(self.algorithm)
  }

  /// The digest of these bytes. It can fail only as the provider can: see ``CryptoError``.
  package mutating func hash(_ bytes: Span<UInt8>) throws(CryptoError) -> SHA256Digest {
    var digest = SHA256Digest(bytes: InlineArray(repeating: 0))
    var written: CUnsignedInt = 0
    var output = digest.bytes.mutableSpan
    try NativeCall.run("EVP_Digest") {
      // `output` holds the 32 bytes that SHA-256 writes; a null input goes with a count of 0.
      unsafe bytes.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { output in
          guard unsafe EVP_DigestInit_ex2(self.context, self.algorithm, nil) == 1 else { return 0 }
          guard unsafe EVP_DigestUpdate(self.context, input.baseAddress, input.count) == 1 else {
            return 0
          }
          return unsafe EVP_DigestFinal_ex(self.context, output.baseAddress, &written)
        }
      }
    }
    return digest
  }
}
