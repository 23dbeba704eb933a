// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// What an operator needs to know of a certificate (RFC 5280 §4.1, §4.2.1.6).
///
/// All text in it is the peer's, and is made safe to print: what is not ASCII or not printable is
/// replaced, what is long is cut.
package struct CertificateSummary: Equatable, Sendable {
  package var subject: String
  package var issuer: String
  /// The alternative names that are DNS names or addresses; sixteen at most.
  package var names: [String]
  /// UTC, as `2026-11-23T06:37:02Z`.
  package var notBefore: String
  package var notAfter: String
  /// Seconds since 1970.
  package var notAfterSeconds: Int

  private static let maxNames = 16
  private static let maxTextBytes = 256

  /// Reads a certificate, which stays the caller's.
  init(_ certificate: OpaquePointer) {
    defer { ErrorQueue.clear() }
    self.subject = unsafe Self.text(of: X509_get_subject_name(certificate))
    self.issuer = unsafe Self.text(of: X509_get_issuer_name(certificate))
    self.names = unsafe Self.names(of: certificate)
    (self.notBefore, _) = unsafe Self.time(X509_get0_notBefore(certificate))
    (self.notAfter, self.notAfterSeconds) = unsafe Self.time(X509_get0_notAfter(certificate))
  }

  private static func text(of name: OpaquePointer?) -> String {
    guard let name = unsafe name, let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
    defer { unsafe BIO_free_all(bio) }
    unsafe X509_NAME_print_ex(bio, name, 0, copenssl_name_on_one_line)
    var bytes = [UInt8](repeating: 0, count: Self.maxTextBytes)
    let count = unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe BIO_read(bio, bytes.baseAddress, CInt(bytes.count))
    }
    return self.printable(bytes.prefix(Int(max(count, 0))))
  }

  private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> (text: String, seconds: Int) {
    var calendar = unsafe tm()
    guard unsafe ASN1_TIME_to_tm(time, &calendar) == 1 else { return ("an unreadable time", 0) }
    let seconds = unsafe timegm(&calendar)
    var bytes = [CChar](repeating: 0, count: 32)
    // The text takes 21 bytes with its NUL for any year of four digits, which ASN.1 has.
    let count = unsafe strftime(&bytes, bytes.count, "%Y-%m-%dT%H:%M:%SZ", &calendar)
    return (self.printable(bytes.prefix(count).map { UInt8(bitPattern: $0) }[...]), seconds)
  }

  private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
    let safe = bytes.prefix(Self.maxTextBytes).map {
      0x20...0x7e ~= $0 ? $0 : UInt8(ascii: "?")
    }
    return String(decoding: safe, as: UTF8.self)
  }
}

// MARK: - Alternative names

extension CertificateSummary {
  private static func names(of certificate: OpaquePointer) -> [String] {
    let extensionValue = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
    guard let list = unsafe extensionValue.map({ OpaquePointer($0) }) else { return [] }
    defer { unsafe GENERAL_NAMES_free(list) }
    let count = unsafe min(OPENSSL_sk_num(list), CInt(Self.maxNames))
    return (0..<max(count, 0)).compactMap { index in
      // The list is one of `GENERAL_NAME`, as its d2i made it.
      guard
        let name = unsafe OPENSSL_sk_value(list, index)?.assumingMemoryBound(
          to: GENERAL_NAME.self)
      else { return nil }
      return unsafe self.text(of: name.pointee)
    }
  }

  private static func text(of name: GENERAL_NAME) -> String? {
    switch unsafe name.type {
    case GEN_DNS: unsafe self.printable(self.bytes(of: name.d.dNSName)[...])
    case GEN_IPADD: unsafe self.address(self.bytes(of: name.d.iPAddress))
    default: nil
    }
  }

  private static func bytes(of text: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
    let count = unsafe ASN1_STRING_length(text)
    return unsafe Array(
      UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(max(count, 0))))
  }

  private static func address(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return self.printable(text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }[...])
  }
}
