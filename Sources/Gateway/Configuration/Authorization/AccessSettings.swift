// SPDX-License-Identifier: Apache-2.0

import GatewayServer

/// Everything that `serve` can be told of who may call what.
enum AccessSettings {
  static let policy = Self.path(
    "authorization-policy",
    help: "YAML file with the rules of who may call what; what none of them allows is denied. "
      + "Reloaded when it changes.")

  static let mode = Setting<AuthorizationMode>.choice(
    "authorization-mode",
    help: "enforce refuses what the policy denies; shadow only counts and logs it.",
    fallback: .enforce)

  static let tokens = Self.path(
    "token-file",
    help: "File of bearer tokens, NAME: TOKEN or NAME: sha256:DIGITS in a line. Reloaded when it "
      + "changes.")

  /// When each call that may change something gets a line.
  enum Audit: String, CaseIterable, Sendable {
    /// When there is a policy.
    case auto
    case on
    case off
  }

  static let audit = Setting<Audit>.choice(
    "audit-log",
    help: "A log line for each start-next and update, and for each call that the "
      + "policy denies; auto writes them when there is a policy.",
    fallback: .auto)

  static let section = SettingsSection(
    "Who may call what",
    [
      SettingEntry(Self.policy), SettingEntry(Self.mode, isPlainWhenUnset: false),
      SettingEntry(Self.tokens), SettingEntry(Self.audit),
    ])

  private static func path(_ name: String, help: String) -> Setting<String> {
    Setting(name, help: help, allowed: "the path of a file") { $0.isEmpty ? nil : $0 }
  }
}
