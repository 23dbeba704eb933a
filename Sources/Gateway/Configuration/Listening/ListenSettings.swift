// SPDX-License-Identifier: Apache-2.0

import Transport

/// Everything that `serve` can be told of the sockets that callers come to.
enum ListenSettings {
  static let addresses = Self.addresses(
    "listen",
    help: "Where gRPC is served over HTTP/2: ADDRESS:PORT, [IPv6]:PORT or unix:PATH with prior "
      + "knowledge, tls:ADDRESS:PORT secured. Repeatable.",
    fallback: "127.0.0.1:50051")

  /// Places that callers come to, one or several.
  static func addresses(
    _ name: String, help: String, fallback: String?
  ) -> Setting<[CallerAddress]> {
    Setting(
      name, help: help,
      allowed: "ADDRESS:PORT, [IPv6]:PORT, unix:PATH or one of the first two behind tls:",
      fallback: fallback
    ) { (text) throws(Misfit) in
      var addresses: [CallerAddress] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        do throws(ListenError) {
          addresses.append(try CallerAddress(String(part)))
        } catch .malformedAddress(_, let rule) {
          throw Misfit(part: String(part), reason: rule)
        } catch {
          throw Misfit(part: String(part))
        }
      }
      return addresses
    }
  }

  static let certificate = Self.path(
    "tls-certificate",
    help:
      "PEM file with the certificate for tls: listeners, then those that lead to its authority. "
      + "Reloaded when it changes.")

  static let key = Self.path(
    "tls-key", help: "PEM file with the certificate's private key. Reloaded with it.")

  static let clientCA = Self.path(
    "tls-client-ca",
    help:
      "PEM file with the authorities that clients' certificates must come from. Reloaded when it "
      + "changes; without it clients show none.")

  static let clientCRL = Self.path(
    "tls-client-crl",
    help: "PEM file with the authorities' lists of revoked certificates. Reloaded when it changes; "
      + "once it is given, a client whose issuer has no list in date is refused.")

  enum ClientAuthentication: String, CaseIterable, Sendable {
    case none
    case request
    case require
  }

  /// Nobody names an authority and means that it shall not matter.
  static let clientAuthentication = Setting<ClientAuthentication>.choice(
    "tls-client-auth",
    help: "Whether clients show a certificate: none, request or require; require if there is "
      + "--tls-client-ca. A certificate that is not valid is refused in any case.",
    fallback: nil)

  /// A handshake over a slow mobile network takes some two seconds.
  static let patience = Setting<Duration>.duration(
    "handshake-timeout",
    help:
      "How long a new connection may take to say what it speaks, the handshake of TLS included.",
    fallback: "10s")

  private static func path(_ name: String, help: String) -> Setting<String> {
    Setting(name, help: help, allowed: "the path of a file") { $0.isEmpty ? nil : $0 }
  }

  static let section = SettingsSection(
    "Where callers come in",
    [
      SettingEntry(Self.addresses), SettingEntry(ServeSettings.adminListen),
      SettingEntry(ServeSettings.operatorListen),
      SettingEntry(SharedSettings.allowInsecureRemote), SettingEntry(UnixSocketSettings.mode),
      SettingEntry(UnixSocketSettings.owner), SettingEntry(Self.certificate),
      SettingEntry(Self.key), SettingEntry(Self.clientCA), SettingEntry(Self.clientCRL),
      SettingEntry(Self.clientAuthentication), SettingEntry(Self.patience),
    ])
}
