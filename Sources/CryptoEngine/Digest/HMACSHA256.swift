// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// HMAC-SHA-256 under one key (RFC 2104), kept ready: the key's own hashing is done once.
///
/// The key stays in libcrypto's context, which is wiped when it is freed.
@safe
package struct HMACSHA256: ~Copyable {
  /// An `EVP_MAC_CTX`, owned. It holds its own reference to the algorithm.
  private let context: OpaquePointer

  /// Fetches HMAC from the default provider and sets the key.
  package init(key: Span<UInt8>) throws(CryptoError) {
    let algorithm = unsafe try NativeCall.make("EVP_MAC_fetch") {
      unsafe EVP_MAC_fetch(nil, "HMAC", nil)
    }
    defer { unsafe EVP_MAC_free(algorithm) }
    let context = unsafe try NativeCall.make("EVP_MAC_CTX_new") {
      unsafe EVP_MAC_CTX_new(algorithm)
    }
    do {
      try NativeCall.run("EVP_MAC_CTX_set_params") { unsafe copenssl_hmac_select_sha256(context) }
      unsafe try Self.setKey(key, of: context)
    } catch {
      unsafe EVP_MAC_CTX_free(context)
      throw error
    }
    unsafe self.context = context
  }

  deinit {
    unsafe EVP_MAC_CTX_free(self.context)
  }

  /// Forgets the present key and takes another.
  package mutating func setKey(_ key: Span<UInt8>) throws(CryptoError) {
    unsafe try Self.setKey(key, of: self.context)
  }

  /// The code of these bytes. The key stays for the next message.
  package mutating func authenticate(_ bytes: Span<UInt8>) throws(CryptoError) -> SHA256Digest {
    var digest = SHA256Digest(bytes: InlineArray(repeating: 0))
    var written = 0
    var output = digest.bytes.mutableSpan
    try NativeCall.run("EVP_MAC") {
      // `output` holds the 32 bytes that are asked for; a null input goes with a count of 0.
      unsafe bytes.withUnsafeBufferPointer { input in
        unsafe output.withUnsafeMutableBufferPointer { output in
          guard unsafe EVP_MAC_init(self.context, nil, 0, nil) == 1 else { return 0 }
          guard unsafe EVP_MAC_update(self.context, input.baseAddress, input.count) == 1 else {
            return 0
          }
          return unsafe EVP_MAC_final(self.context, output.baseAddress, &written, output.count)
        }
      }
    }
    return digest
  }

  private static func setKey(
    _ key: Span<UInt8>, of context: OpaquePointer
  ) throws(CryptoError) {
    // OpenSSL takes a null key for "keep the old one". RFC 2104 pads a key with zeros, so one zero
    // byte is the same key as none.
    let noKey: InlineArray<1, UInt8> = [0]
    let key = key.isEmpty ? noKey.span : key
    try NativeCall.run("EVP_MAC_init") {
      unsafe key.withUnsafeBufferPointer { key in
        unsafe EVP_MAC_init(context, key.baseAddress, key.count, nil)
      }
    }
  }
}
