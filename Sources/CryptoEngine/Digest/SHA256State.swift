// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// SHA-256 on its way through a message, kept by libcrypto (FIPS 180-4).
///
/// Steps answer as libcrypto's do, with 1, or with 0 and the reason in the error queue: whoever takes
/// several runs them as one ``NativeCall``. What was hashed is wiped with the state.
@safe
struct SHA256State: ~Copyable {
  /// An `EVP_MD_CTX`, owned. It holds its own reference to the algorithm.
  private let context: OpaquePointer

  /// Fetches SHA-256 from the default provider, which costs more than hashing a request does.
  init() throws(CryptoError) {
    let algorithm = unsafe try NativeCall.make("EVP_MD_fetch") {
      unsafe EVP_MD_fetch(nil, "SHA256", nil)
    }
    defer { unsafe EVP_MD_free(algorithm) }
    let context = unsafe try NativeCall.make("EVP_MD_CTX_new") { unsafe EVP_MD_CTX_new() }
    do {
      try NativeCall.run("EVP_DigestInit_ex2") {
        unsafe EVP_DigestInit_ex2(context, algorithm, nil)
      }
    } catch {
      unsafe EVP_MD_CTX_free(context)
      throw error
    }
    unsafe self.context = context
  }

  deinit {
    unsafe EVP_MD_CTX_free(self.context)
  }

  /// Goes back to the beginning of a message.
  mutating func restart() -> CInt {
    // No algorithm means the one that the context has.
    unsafe EVP_DigestInit_ex2(self.context, nil, nil)
  }

  /// Goes to where `other` is.
  mutating func go(to other: borrowing SHA256State) -> CInt {
    unsafe EVP_MD_CTX_copy_ex(self.context, other.context)
  }

  mutating func update(_ bytes: Span<UInt8>) -> CInt {
    // A null address goes with a count of 0.
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe EVP_DigestUpdate(self.context, bytes.baseAddress, bytes.count)
    }
  }

  /// Ends the message. The next one needs ``restart()`` or ``go(to:)`` first.
  mutating func finish(into digest: inout SHA256Digest) -> CInt {
    // The digest has room for the 32 bytes that SHA-256 writes; their number needs no telling.
    var output = digest.bytes.mutableSpan
    return unsafe output.withUnsafeMutableBufferPointer { output in
      unsafe EVP_DigestFinal_ex(self.context, output.baseAddress, nil)
    }
  }
}
