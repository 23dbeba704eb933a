// SPDX-License-Identifier: Apache-2.0

/// How files that change are noticed.
enum ReloadSettings {
  /// A look costs a read of some kilobytes, and a certificate is renewed days before it is over.
  static let interval = Setting<Duration>.duration(
    "reload-interval",
    help: "How often files that may change are looked at; SIGHUP looks at once.",
    atLeast: .milliseconds(100), fallback: "10s")
}
