// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The names by which a verified certificate knows its holder (RFC 5280 §4.2.1.6).
///
/// They decide what a peer may do, so they are taken as they are or not at all: a name with anything
/// in it but printable ASCII, or one that is too long, is left out rather than repaired, for its
/// repaired form could be somebody else's name. URIs are taken together or not at all, since a
/// certificate with two names no SPIFFE identity (X.509-SVID §2), whatever the second one looks like.
package struct PeerNames: Equatable, Sendable {
  /// URI names, such as SPIFFE ids, in the certificate's order.
  package var uris: [String]
  /// DNS names, in lower case.
  package var dnsNames: [String]
  /// The subject's common name, if it has exactly one.
  package var commonName: String?

  package init(uris: [String] = [], dnsNames: [String] = [], commonName: String? = nil) {
    self.uris = uris
    self.dnsNames = dnsNames
    self.commonName = commonName
  }

  /// Of each kind; a certificate for a machine has one or two.
  private static let maxNames = 32
  /// The SPIFFE ID specification's limit for its URIs (§2.3).
  private static let maxURIBytes = 2_048
  /// RFC 1035 §2.3.4, written with dots.
  private static let maxDNSBytes = 253
  /// RFC 5280 appendix A.1, ub-common-name.
  private static let maxCommonNameBytes = 64
}

extension PeerNames {
  /// Reads a certificate, which stays the caller's. The caller has verified it.
  init(of certificate: OpaquePointer) {
    defer { ErrorQueue.clear() }
    self.init()
    self.commonName = unsafe Self.commonName(of: X509_get_subject_name(certificate))
    let extensionValue = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
    guard let list = unsafe extensionValue.map({ OpaquePointer($0) }) else { return }
    defer { unsafe GENERAL_NAMES_free(list) }
    var hasUnfitURI = false
    for index in 0..<(unsafe max(OPENSSL_sk_num(list), 0)) {
      // The list is one of `GENERAL_NAME`, as its d2i made it.
      guard
        let name = unsafe OPENSSL_sk_value(list, index)?.assumingMemoryBound(to: GENERAL_NAME.self)
      else { continue }
      let isAdded = unsafe self.add(name.pointee)
      if unsafe name.pointee.type == GEN_URI, !isAdded { hasUnfitURI = true }
    }
    if hasUnfitURI { self.uris = [] }
  }

  /// - Returns: Whether the name was fit to be kept.
  private mutating func add(_ name: GENERAL_NAME) -> Bool {
    switch unsafe name.type {
    case GEN_URI where self.uris.count < Self.maxNames:
      let uri = unsafe Self.bytes(of: name.d.uniformResourceIdentifier)
      guard let uri = Self.plain(uri, atMost: Self.maxURIBytes) else { return false }
      self.uris.append(uri)
    case GEN_DNS where self.dnsNames.count < Self.maxNames:
      let host = unsafe Self.bytes(of: name.d.dNSName)
      guard let host = Self.plain(host, atMost: Self.maxDNSBytes) else { return false }
      self.dnsNames.append(host.lowercased())
    default: return false
    }
    return true
  }

  private static func commonName(of subject: OpaquePointer?) -> String? {
    let first = unsafe X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
    guard first >= 0, unsafe X509_NAME_get_index_by_NID(subject, NID_commonName, first) < 0 else {
      return nil
    }
    let entry = unsafe X509_NAME_get_entry(subject, first)
    var utf8: UnsafeMutablePointer<UInt8>?
    let count = unsafe ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry))
    guard count >= 0, let bytes = unsafe utf8 else { return nil }
    defer { unsafe copenssl_free(bytes) }
    return unsafe self.plain(
      Array(UnsafeBufferPointer(start: bytes, count: Int(count))), blanks: true,
      atMost: self.maxCommonNameBytes)
  }

  private static func bytes(of text: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
    let count = unsafe ASN1_STRING_length(text)
    return unsafe Array(
      UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(max(count, 0))))
  }

  private static func plain(_ bytes: [UInt8], blanks: Bool = false, atMost limit: Int) -> String? {
    let visible: ClosedRange<UInt8> = (blanks ? 0x20 : 0x21)...0x7e
    guard 1...limit ~= bytes.count, bytes.allSatisfy({ visible.contains($0) }) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
