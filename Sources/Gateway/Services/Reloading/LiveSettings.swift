// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Glibc
import Logging
import Synchronization
import Telemetry

/// The settings in force, and the way that a changed file takes to get there: all of it or nothing.
final class LiveSettings: Sendable {
  /// What metrics and the log call the file.
  static let what = "configuration"

  private struct State {
    var configuration: ServeConfiguration
    var effective: [EffectiveSetting]
  }

  private let state: Mutex<State>
  /// Puts in force what changed from one to the other. It cannot fail: what can be wrong is found
  /// before.
  private let apply: @Sendable (_ old: ServeConfiguration, _ new: ServeConfiguration) -> Void
  private let hash: Gauge
  private let loaded: Gauge
  private let logger: Logger

  init(
    _ configuration: ServeConfiguration, registry: MetricsRegistry, logger: Logger,
    apply: @escaping @Sendable (_ old: ServeConfiguration, _ new: ServeConfiguration) -> Void
  ) {
    self.state = Mutex(
      State(configuration: configuration, effective: configuration.effectiveSettings))
    self.apply = apply
    self.logger = logger
    // As Alertmanager tells its own: a number to compare replicas by, and nothing to read from it.
    self.hash =
      registry.family(
        Gauge.self, "iot_jobs_gateway_config_hash",
        help: "48 bits of a hash of all settings in force as they are written, secrets excepted."
      ).child()
    self.loaded =
      registry.family(
        Gauge.self, "iot_jobs_gateway_config_last_reload_success_timestamp_seconds",
        help: "When settings were put in force the last time, at the start or since."
      ).child()
    self.tell(configuration.effectiveSettings)
  }

  /// What counts for each setting now, in order, without a secret.
  var effective: [EffectiveSetting] { self.state.withLock(\.effective) }

  /// Has the file watched that the configuration came from, if there is one.
  func watch(in list: inout WatchList) throws(FileRefusal) {
    let configuration = self.state.withLock(\.configuration)
    // A pipe gives what it holds once, and nothing to whoever looks again.
    guard let path = configuration.reader.file?.path, FileBytes.canReadAgain(path) else { return }
    try list.add(
      WatchedFiles(Self.what, paths: [path], limitBytes: YAMLReader.byteLimit) {
        (contents: [[UInt8]]) throws(FileRefusal) in try self.use(contents[0], of: path)
      })
  }

  /// Puts in force what a file holds now. Never called twice at a time.
  private func use(_ bytes: [UInt8], of path: String) throws(FileRefusal) {
    let old = self.state.withLock(\.configuration)
    let new: ServeConfiguration
    do throws(SettingsRefusal) {
      new = try old.successor(file: bytes, of: path)
    } catch {
      throw FileRefusal(path: nil, reason: error.description)
    }
    self.apply(old, new)
    let before = self.effective
    let after = Self.inForce(new, after: before)
    self.state.withLock { $0 = State(configuration: new, effective: after) }
    self.tell(after)
    let changed = zip(before, after).filter { $0.value != $1.value }.map(\.1.name)
    if !changed.isEmpty {
      self.logger.notice(
        "settings changed", metadata: [LogKey.setting: "\(changed.joined(separator: ","))"])
    }
  }

  /// What AWS's own files say may have changed as well, and does not count before a restart.
  private static func inForce(
    _ new: ServeConfiguration, after before: [EffectiveSetting]
  ) -> [EffectiveSetting] {
    zip(before, new.effectiveSettings).map { old, next in
      let isOurs = new.reader.find(next.name, fallback: nil) != nil
      return isOurs || next.changesWhileRunning || old.value == next.value ? next : old
    }
  }

  private func tell(_ settings: [EffectiveSetting]) {
    self.hash.set(Self.hash(of: settings))
    self.loaded.set(Int64(time(nil)))
  }

  /// 48 bits, which a metric's floating point holds exactly. Where the file lies makes no difference.
  static func hash(of settings: [EffectiveSetting]) -> Int64 {
    let text =
      settings
      .filter { !$0.isSecret && $0.name != SharedSettings.config.name }
      .map { "\($0.name)=\($0.value ?? "")\n" }.joined()
    do throws(CryptoError) {
      var hasher = try SHA256Hasher()
      let digest = try hasher.hash(Array(text.utf8).span).bytes
      return (0..<6).reduce(0) { $0 << 8 | Int64(digest[$1]) }
    } catch {
      return 0
    }
  }
}
