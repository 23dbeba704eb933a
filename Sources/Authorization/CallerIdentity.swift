// SPDX-License-Identifier: Apache-2.0

// Authorization knows names, patterns and rules: who may call what, for which thing. It knows no
// sockets, certificates or files; whoever vouches for a name has done so before it comes here.

/// Who a caller is: every name that somebody vouches for.
///
/// Names are compared byte by byte. Swift's own equality of strings would take two spellings of one
/// character for the same name.
package struct CallerIdentity: Equatable, Sendable {
  /// Who vouches for a name, and in what form it is.
  package enum Kind: String, CaseIterable, Sendable {
    /// The SPIFFE ID in a verified certificate.
    case spiffe
    /// A DNS name in a verified certificate.
    case dns
    /// The common name of a verified certificate's subject.
    case commonName = "cn"
    /// The user of a Unix socket's other end, as the kernel says.
    case uid
    /// The name of a bearer token in the token file.
    case token
    /// The name of an access key in the key file, which signed the request.
    case key
  }

  package struct Name: Hashable, Sendable {
    package var kind: Kind
    /// Without the kind's prefix, except that a SPIFFE ID is whole.
    package var text: String

    package init(_ kind: Kind, _ text: String) {
      self.kind = kind
      self.text = text
    }
  }

  /// The surest first: what an audit line calls the caller when no rule decides it.
  package private(set) var names: [Name]

  /// A caller whom nobody knows.
  package static let unknown = CallerIdentity(names: [])

  package init(names: [Name]) {
    self.names = names
  }

  /// The user at the other end of a Unix socket.
  package init(uid: UInt32) {
    self.names = [Name(.uid, String(uid))]
  }

  /// The names in a certificate that was verified up to a trusted root. Which of them are fit to
  /// name a caller is decided here.
  ///
  /// Of URIs only a SPIFFE ID counts, and none does when there are several: X.509-SVID §2 allows
  /// exactly one. A DNS name counts without wildcards, in lower case.
  package init(uriNames: [String], dnsNames: [String], commonName: String?) {
    self.names = []
    if uriNames.count == 1, SPIFFEID.isValid(uriNames[0].utf8) {
      self.names.append(Name(.spiffe, uriNames[0]))
    }
    for name in dnsNames where DNSName.isValid(name.utf8) {
      self.names.append(Name(.dns, DNSName.lowercased(name)))
    }
    if let commonName, !commonName.isEmpty {
      self.names.append(Name(.commonName, commonName))
    }
  }

  package var isKnown: Bool { !self.names.isEmpty }

  /// The same caller with a token or a key besides.
  package func with(_ name: Name) -> CallerIdentity {
    CallerIdentity(names: [name] + self.names)
  }
}

extension CallerIdentity.Name: CustomStringConvertible {
  /// As a policy would spell it.
  package var description: String {
    self.kind == .spiffe ? self.text : "\(self.kind.rawValue):\(self.text)"
  }
}
