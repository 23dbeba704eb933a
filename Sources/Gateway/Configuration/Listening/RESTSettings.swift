// SPDX-License-Identifier: Apache-2.0

/// Everything that `serve` can be told of the door for AWS's own clients.
enum RESTSettings {
  static let addresses = ListenSettings.addresses(
    "rest-listen",
    help:
      "Where AWS's own clients are served, as AWS serves them: REST over HTTP/1.1, with the same "
      + "limits, cache and policy. Addresses as for --listen; without it, nowhere. Repeatable.",
    fallback: nil)

  /// How callers of the door prove who they are.
  enum Authentication: String, CaseIterable, Sendable {
    /// By a signature with a key of the key file.
    case signature
    /// Not at all: signatures are not looked at.
    case none
  }

  static let authentication = Setting<Authentication>.choice(
    "rest-authentication",
    help:
      "signature asks for requests that are signed with a key of --rest-key-file; none takes any "
      + "signature and none, on loopback and Unix sockets alone.",
    fallback: .signature)

  static let keys = Setting<String>(
    "rest-key-file",
    help: "File of the keys that callers of --rest-listen sign with, NAME: ACCESS_KEY_ID "
      + "SECRET_ACCESS_KEY in a line. Reloaded when it changes.",
    allowed: "the path of a file"
  ) { $0.isEmpty ? nil : $0 }

  static let section = SettingsSection(
    "The door for AWS's own clients",
    [
      SettingEntry(Self.addresses),
      SettingEntry(Self.authentication, isPlainWhenUnset: false), SettingEntry(Self.keys),
    ])
}
