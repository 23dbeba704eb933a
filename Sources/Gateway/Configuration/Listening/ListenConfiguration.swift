// SPDX-License-Identifier: Apache-2.0

import Authorization
import Transport

/// Where callers come in, read and checked as a whole.
struct ListenConfiguration: Sendable {
  var addresses: [CallerAddress]
  /// Nil if AWS's own clients are not served.
  var rest: RESTConfiguration?
  /// Nil if nothing is secured.
  var tls: TLSFiles?
  var patience: Duration
  var unixMode: UInt16
  var unixOwner: SocketOwner?

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.addresses = try reader.value(ListenSettings.addresses)
    self.rest = try RESTConfiguration(reader)
    self.patience = try reader.value(ListenSettings.patience)
    self.unixMode = try reader.value(UnixSocketSettings.mode)
    self.unixOwner = try reader.optional(UnixSocketSettings.owner)
    self.tls = try TLSFiles(reader)
    let places = self.places
    if self.tls == nil, let secured = places.first(where: \.address.isSecure) {
      throw .refused("--\(secured.setting) tls: needs --tls-certificate and --tls-key")
    }
    if self.tls != nil, !places.contains(where: \.address.isSecure) {
      throw .refused("--tls-certificate secures nothing: no --listen begins with tls:")
    }
    // Read whether it matters or not: a value that makes no sense is told in any case.
    let allowsExposed = try reader.value(SharedSettings.allowInsecureRemote)
    if !allowsExposed, let exposed = places.first(where: \.address.isExposed) {
      throw .insecureRemote(exposed.address.address, exposed.setting)
    }
  }

  /// All places that callers come to, each with the setting that names it.
  private var places: [(setting: String, address: CallerAddress)] {
    self.addresses.map { (ListenSettings.addresses.name, $0) }
      + (self.rest?.addresses ?? []).map { (RESTSettings.addresses.name, $0) }
  }

  /// The kinds of names by which listeners can tell callers from each other: by the kernel's word, by
  /// certificates, or by the keys that they sign with.
  var callerKinds: Set<CallerIdentity.Kind> {
    var kinds: Set<CallerIdentity.Kind> = []
    if self.rest?.keyPath != nil { kinds.insert(.key) }
    for (_, listener) in self.places {
      if case .unix = listener.address { kinds.insert(.uid) }
      if listener.isSecure, self.tls?.clients != nil {
        kinds.formUnion([.spiffe, .dns, .commonName])
      }
    }
    return kinds
  }
}

/// The files that TLS for callers is made of.
struct TLSFiles: Sendable {
  var certificate: String
  var key: String
  /// Nil if clients are not asked for certificates.
  var clients: Clients?

  struct Clients: Sendable {
    var authorities: String
    var revocations: String?
    var isRequired: Bool
  }

  /// Nil if none is named.
  init?(_ reader: SettingsReader) throws(ConfigurationError) {
    let certificate = try reader.optional(ListenSettings.certificate)
    let key = try reader.optional(ListenSettings.key)
    let authorities = try reader.optional(ListenSettings.clientCA)
    let revocations = try reader.optional(ListenSettings.clientCRL)
    let authentication = try reader.optional(ListenSettings.clientAuthentication)
    if revocations != nil, authorities == nil {
      throw .refused("--tls-client-crl needs --tls-client-ca: only what is trusted can be revoked")
    }
    if let authentication, authentication != .none, authorities == nil {
      throw .refused(
        "--tls-client-auth \(authentication.rawValue) needs --tls-client-ca: it says whom to trust")
    }
    guard certificate != nil || key != nil || authorities != nil else { return nil }
    guard let certificate else {
      throw .missing(
        name: ListenSettings.certificate.name, why: "--tls-key and --tls-client-ca need it")
    }
    guard let key else {
      throw .missing(name: ListenSettings.key.name, why: "--tls-certificate needs it")
    }
    self.certificate = certificate
    self.key = key
    if let authorities, authentication != ListenSettings.ClientAuthentication.none {
      self.clients = Clients(
        authorities: authorities, revocations: revocations, isRequired: authentication != .request)
    }
  }

  var paths: [String] {
    var paths = [self.certificate, self.key]
    if let clients = self.clients {
      paths.append(clients.authorities)
      if let revocations = clients.revocations { paths.append(revocations) }
    }
    return paths
  }
}
