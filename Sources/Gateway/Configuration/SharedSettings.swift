// SPDX-License-Identifier: Apache-2.0

import Logging
import Telemetry
import Transport

/// Settings that every command has.
enum SharedSettings {
  static let config = Setting(
    "config", help: "YAML file with settings; keys are the flags' names.",
    allowed: "the path of a file"
  ) { $0.isEmpty ? nil : $0 }

  static let logLevel = Setting<Logger.Level>.choice(
    "log-level", help: "The least severe level that is written.", fallback: .info)

  static let logFormat = Setting<LogFormat>.choice(
    "log-format", help: "How log lines are written to standard error.", fallback: .json)

  static let threads = Setting<Int>.count(
    "threads",
    help: "Event loop threads. One carries far more than AWS's quota for an account; a connection "
      + "of a caller, and what it may use of the upstream limits, stays on one.",
    in: 1...64, fallback: 1)

  static let allowInsecureRemote = Setting<Bool>.toggle(
    "allow-insecure-remote", help: "Allow a listener that other machines reach without TLS.")

  static let drainDelay = Setting<Duration>.duration(
    "drain-delay",
    help: "How long after SIGTERM calls are still taken, while probes say already not ready. For "
      + "load balancers and neighbours that learn of the end later.",
    atLeast: .zero, fallback: "0s")

  static let drainGrace = Setting<Duration>.duration(
    "drain-grace",
    help: "How long running calls may take to finish once none are taken any more. Keep it and "
      + "the delay before it below Kubernetes's terminationGracePeriodSeconds.",
    fallback: "20s")

  /// Those of the process, in every command.
  static let process = SettingsSection(
    "The process",
    [
      SettingEntry(Self.config), SettingEntry(Self.threads), SettingEntry(Self.drainDelay),
      SettingEntry(Self.drainGrace), SettingEntry(Self.logLevel, .whileRunning),
      SettingEntry(Self.logFormat),
    ])

  static func address(
    _ name: String, help: String, fallback: String
  ) -> Setting<ListenAddress> {
    Setting(
      name, help: help, allowed: "ADDRESS:PORT, [IPv6]:PORT or unix:PATH", fallback: fallback
    ) { try? ListenAddress($0) }
  }
}
