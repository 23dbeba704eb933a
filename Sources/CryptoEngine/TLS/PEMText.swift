// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// PEM as libcrypto reads it (RFC 7468), from a file or from memory.
@safe
struct PEMText: ~Copyable {
  /// A `BIO`, owned. One over memory refers to bytes that outlive it, see ``reading(_:from:_:)``.
  private let bio: OpaquePointer
  /// A path, or another name: for messages.
  let source: String

  private init(bio: OpaquePointer, source: String) {
    unsafe self.bio = bio
    self.source = source
  }

  deinit {
    unsafe BIO_free_all(self.bio)
  }

  static func open(path: String) throws(TLSConfigurationError) -> PEMText {
    ErrorQueue.clear()
    guard let bio = unsafe BIO_new_file(path, "r") else {
      throw .unreadable(path: path, reason: ErrorQueue.takeFirst().text)
    }
    return unsafe PEMText(bio: bio, source: path)
  }

  /// Lends the bytes to libcrypto for as long as `body` runs.
  static func reading<Result>(
    _ bytes: [UInt8], from source: String,
    _ body: (borrowing PEMText) throws(TLSConfigurationError) -> Result
  ) throws(TLSConfigurationError) -> Result {
    // No bytes would have no address either, and that is an error to libcrypto; an empty line is not.
    let bytes = bytes.isEmpty ? [UInt8(ascii: "\n")] : bytes
    return try unsafe bytes.withUnsafeBufferPointer { bytes throws(TLSConfigurationError) in
      ErrorQueue.clear()
      let count = CInt(clamping: bytes.count)
      guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, count) else {
        throw .native(NativeCall.failure("BIO_new_mem_buf"))
      }
      return try body(unsafe PEMText(bio: bio, source: source))
    }
  }

  /// Gives each certificate to `body`, which does not keep it, and skips whatever else there is.
  ///
  /// - Returns: How many there were.
  @discardableResult
  borrowing func forEachCertificate(
    _ body: (OpaquePointer) throws(CryptoError) -> Void
  ) throws(TLSConfigurationError) -> Int {
    var count = 0
    while true {
      ErrorQueue.clear()
      guard let certificate = unsafe PEM_read_bio_X509(self.bio, nil, refusePassphrase, nil) else {
        if let reason = Self.whyItEnded() {
          throw .malformedCertificate(source: self.source, number: count + 1, reason: reason)
        }
        return count
      }
      defer { unsafe X509_free(certificate) }
      count += 1
      do throws(CryptoError) {
        try unsafe body(certificate)
      } catch {
        throw .native(error)
      }
    }
  }

  /// Gives each list of revoked certificates to `body`, which does not keep it.
  ///
  /// - Returns: How many there were.
  borrowing func forEachRevocationList(
    _ body: (OpaquePointer) throws(CryptoError) -> Void
  ) throws(TLSConfigurationError) -> Int {
    var count = 0
    while true {
      ErrorQueue.clear()
      guard let list = unsafe PEM_read_bio_X509_CRL(self.bio, nil, refusePassphrase, nil) else {
        if let reason = Self.whyItEnded() {
          throw .malformedRevocationList(source: self.source, number: count + 1, reason: reason)
        }
        return count
      }
      defer { unsafe X509_CRL_free(list) }
      count += 1
      do throws(CryptoError) {
        try unsafe body(list)
      } catch {
        throw .native(error)
      }
    }
  }

  /// - Returns: Nil if the reader has come to the end of the text; else what is wrong with it.
  private static func whyItEnded() -> String? {
    let entries = ErrorQueue.takeAll()
    // This is how the reader says that there is nothing more.
    let isEnd = entries.contains { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE }
    return isEnd ? nil : entries.first?.text ?? ""
  }

  /// Gives the first private key to `body`, which does not keep it.
  borrowing func withPrivateKey(
    _ body: (OpaquePointer) throws(TLSConfigurationError) -> Void
  ) throws(TLSConfigurationError) {
    ErrorQueue.clear()
    guard let key = unsafe PEM_read_bio_PrivateKey(self.bio, nil, refusePassphrase, nil) else {
      throw .privateKey(source: self.source, reason: ErrorQueue.takeFirst().text)
    }
    defer { unsafe EVP_PKEY_free(key) }
    try unsafe body(key)
  }
}

/// Without it libcrypto would ask at the terminal.
private func refusePassphrase(
  _: UnsafeMutablePointer<CChar>?, _: CInt, _: CInt, _: UnsafeMutableRawPointer?
) -> CInt { -1 }
