// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// What a throwaway certificate says. Times are seconds from now.
package struct CertificateTerms: Sendable {
  package var commonName: String
  package var dnsNames: [String] = []
  package var addresses: [String] = []
  package var uris: [String] = []
  package var notBefore = -3_600
  package var notAfter = 3_600
  package var isAuthority = false
  /// `serverAuth` or `clientAuth`.
  package var purpose = "serverAuth"

  package init(_ commonName: String, dnsNames: [String] = [], addresses: [String] = []) {
    self.commonName = commonName
    self.dnsNames = dnsNames
    self.addresses = addresses
  }

  fileprivate var alternativeNames: String {
    (self.dnsNames.map { "DNS:\($0)" } + self.addresses.map { "IP:\($0)" }
      + self.uris.map { "URI:\($0)" })
      .joined(separator: ",")
  }
}

package struct CertificateError: Error {
  package let step: StaticString
}

/// A certificate and its key, made here and now and never written anywhere.
@safe
package final class TestCertificate {
  private let certificate: OpaquePointer
  private let key: OpaquePointer
  /// Nil for one that signed itself.
  private let issuer: TestCertificate?

  /// Makes a key on P-256 and a certificate for it, signed by `issuer` or by itself.
  package init(_ terms: CertificateTerms, issuer: TestCertificate? = nil) throws {
    let key = try unsafe makeKey()
    unsafe self.key = key
    guard let certificate = unsafe X509_new() else { throw CertificateError(step: "X509_new") }
    unsafe self.certificate = certificate
    self.issuer = issuer
    try unsafe check("X509_set_version", X509_set_version(certificate, 2))
    let serial = unsafe X509_get_serialNumber(certificate)
    try unsafe check("serial", ASN1_INTEGER_set(serial, Int.random(in: 1...(.max))))
    unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), terms.notBefore)
    unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), terms.notAfter)
    try unsafe check("X509_set_pubkey", X509_set_pubkey(certificate, key))
    let name = unsafe X509_get_subject_name(certificate)
    try unsafe check(
      "name",
      X509_NAME_add_entry_by_txt(
        name, "CN", V_ASN1_UTF8STRING, terms.commonName, CInt(terms.commonName.utf8.count), -1, 0))
    let signer = unsafe issuer?.certificate ?? certificate
    try unsafe check(
      "issuer", X509_set_issuer_name(certificate, X509_get_subject_name(signer)))
    try self.addExtensions(terms)
    // It answers with the signature's length.
    let signed = unsafe X509_sign(certificate, issuer?.key ?? key, EVP_sha256())
    try check("X509_sign", signed > 0 ? 1 : 0)
  }

  deinit {
    unsafe X509_free(self.certificate)
    unsafe EVP_PKEY_free(self.key)
  }

  private func addExtensions(_ terms: CertificateTerms) throws {
    let basic = terms.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE"
    try self.add(NID_basic_constraints, basic)
    let usage = terms.isAuthority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"
    try self.add(NID_key_usage, usage)
    if !terms.isAuthority { try self.add(NID_ext_key_usage, terms.purpose) }
    if !terms.alternativeNames.isEmpty {
      try self.add(NID_subject_alt_name, terms.alternativeNames)
    }
  }

  private func add(_ nid: CInt, _ value: String) throws {
    guard let made = unsafe X509V3_EXT_conf_nid(nil, nil, nid, value) else {
      throw CertificateError(step: "X509V3_EXT_conf_nid")
    }
    defer { unsafe X509_EXTENSION_free(made) }
    try unsafe check("X509_add_ext", X509_add_ext(self.certificate, made, -1))
  }
}

// MARK: - PEM

extension TestCertificate {
  /// This certificate alone.
  package var pem: [UInt8] {
    get throws {
      try unsafe writePEM { unsafe PEM_write_bio_X509($0, self.certificate) }
    }
  }

  package var keyPEM: [UInt8] {
    get throws {
      try unsafe writePEM {
        unsafe PEM_write_bio_PrivateKey($0, self.key, nil, nil, 0, nil, nil)
      }
    }
  }

  /// This certificate and those above it, except one that signed itself.
  package var chainPEM: [UInt8] {
    get throws {
      guard let issuer = self.issuer, issuer.issuer != nil else { return try self.pem }
      return try self.pem + issuer.chainPEM
    }
  }
}

// MARK: - Revocation

extension TestCertificate {
  /// A list of certificates that this one, an authority, has revoked, as PEM. Times are seconds from
  /// now.
  package func revocationsPEM(
    _ revoked: [TestCertificate], lastUpdate: Int = -3_600, nextUpdate: Int = 3_600
  ) throws -> [UInt8] {
    guard let list = unsafe X509_CRL_new(), let time = unsafe ASN1_TIME_new() else {
      throw CertificateError(step: "X509_CRL_new")
    }
    defer {
      unsafe X509_CRL_free(list)
      unsafe ASN1_TIME_free(time)
    }
    try unsafe check("version", X509_CRL_set_version(list, 1))
    try unsafe check(
      "issuer", X509_CRL_set_issuer_name(list, X509_get_subject_name(self.certificate)))
    unsafe X509_gmtime_adj(time, lastUpdate)
    try unsafe check("lastUpdate", X509_CRL_set1_lastUpdate(list, time))
    for certificate in revoked {
      guard let entry = unsafe X509_REVOKED_new() else { throw CertificateError(step: "entry") }
      let serial = unsafe X509_get_serialNumber(certificate.certificate)
      try unsafe check("serial", X509_REVOKED_set_serialNumber(entry, serial))
      try unsafe check("date", X509_REVOKED_set_revocationDate(entry, time))
      // The list takes the entry over.
      try unsafe check("entry", X509_CRL_add0_revoked(list, entry))
    }
    unsafe X509_gmtime_adj(time, nextUpdate)
    try unsafe check("nextUpdate", X509_CRL_set1_nextUpdate(list, time))
    // It answers with the signature's length.
    let signed = unsafe X509_CRL_sign(list, self.key, EVP_sha256())
    try check("X509_CRL_sign", signed > 0 ? 1 : 0)
    return try unsafe writePEM { unsafe PEM_write_bio_X509_CRL($0, list) }
  }
}

/// A root that signed itself and an intermediate below it, which issues.
package final class CertificateAuthority {
  package let root: TestCertificate
  package let intermediate: TestCertificate

  package init(_ name: String = "Test Root") throws {
    var terms = CertificateTerms(name)
    terms.isAuthority = true
    self.root = try TestCertificate(terms)
    terms.commonName = "\(name) Intermediate"
    self.intermediate = try TestCertificate(terms, issuer: self.root)
  }

  package func issue(_ terms: CertificateTerms) throws -> TestCertificate {
    try TestCertificate(terms, issuer: self.intermediate)
  }
}

// MARK: - Steps

private func check(_ step: StaticString, _ result: CInt) throws {
  guard result == 1 else { throw CertificateError(step: step) }
}

private func makeKey() throws -> OpaquePointer {
  guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else {
    throw CertificateError(step: "EVP_PKEY_CTX_new_id")
  }
  defer { unsafe EVP_PKEY_CTX_free(context) }
  try unsafe check("EVP_PKEY_keygen_init", EVP_PKEY_keygen_init(context))
  try unsafe check("group", EVP_PKEY_CTX_set_group_name(context, "P-256"))
  var key: OpaquePointer?
  try unsafe check("EVP_PKEY_generate", EVP_PKEY_generate(context, &key))
  guard let key = unsafe key else { throw CertificateError(step: "key") }
  return unsafe key
}

private func writePEM(_ write: (OpaquePointer) -> CInt) throws -> [UInt8] {
  guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw CertificateError(step: "BIO_new") }
  defer { unsafe BIO_free_all(bio) }
  try unsafe check("PEM_write", write(bio))
  var bytes = unsafe [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
  let count = unsafe BIO_read(bio, &bytes, CInt(bytes.count))
  return Array(bytes.prefix(Int(max(count, 0))))
}
