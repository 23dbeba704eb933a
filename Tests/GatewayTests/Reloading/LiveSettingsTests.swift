// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Synchronization
import Telemetry
import Testing
import TrafficPolicy

@testable import iot_jobs_gateway

@Suite struct LiveSettingsTests {
  /// What was put in force, in order.
  private final class Applied: Sendable {
    private let policies = Mutex<[PolicySettings]>([])

    func append(_ policy: PolicySettings) { self.policies.withLock { $0.append(policy) } }
    var last: PolicySettings? { self.policies.withLock { $0.last } }
    var count: Int { self.policies.withLock { $0.count } }
  }

  private let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("live-\(UUID().uuidString).yaml").path
  private let registry = MetricsRegistry()
  private let applied = Applied()

  private func write(_ text: String) throws {
    try text.write(toFile: self.path, atomically: true, encoding: .utf8)
  }

  /// Settings that came from the file, and the list that has it watched.
  private func start(
    _ text: String, flags: [String: String] = [:]
  ) throws -> (LiveSettings, WatchList) {
    try self.write(text)
    let flags = flags.merging(["region": "us-east-1", "config": self.path]) { given, _ in given }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let settings = LiveSettings(
      try ServeConfiguration(SettingsReader.load(flags: flags, environment: [:])),
      registry: self.registry, logger: logger
    ) { [applied] _, new in applied.append(new.policy) }
    var list = WatchList(registry: self.registry, logger: logger)
    try settings.watch(in: &list)
    return (settings, list)
  }

  /// Twice, since what is new must have settled.
  private func look(_ list: inout WatchList) {
    _ = list.look()
    _ = list.look()
  }

  private func value(_ name: String) throws -> Int? {
    let text = String(decoding: self.registry.exposition(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("iot_jobs_gateway_\(name) ") }
    return try Int(#require(line).split(separator: " ")[1])
  }

  @Test func `a changed file counts at once, as a whole`() throws {
    defer { try? FileManager.default.removeItem(atPath: self.path) }
    let (settings, watched) = try self.start("thing-read-burst: 3\n")
    var list = watched
    let before = try self.value("config_hash")
    try self.write("thing-read-burst: 4\ncache-bytes: 1MiB\ndescribe-ttl: 2s\n")
    self.look(&list)
    let policy = try #require(self.applied.last)
    #expect(policy.thingLimit.limits.reads?.burst == 4)
    #expect(policy.readCache.maxBytes == 1 << 20)
    #expect(policy.readCache.ttl == .seconds(2))
    let burst = settings.effective.first { $0.name == "thing-read-burst" }
    #expect(burst?.value == "4")
    #expect(burst?.source == "\(self.path), line 1")
    #expect(try self.value("config_hash") != before)
    #expect(
      try self.value("reloads_total{what=\"configuration\",result=\"success\"}") == 1)
    // What it was it is again, to the number.
    try self.write("thing-read-burst: 3\n")
    self.look(&list)
    #expect(try self.value("config_hash") == before)
    #expect(self.applied.last?.readCache.ttl == .seconds(1))
  }

  @Test(arguments: [
    ("describe-ttl: 2s\nthing-read-burst: 0\n", "line 2: thing-read-burst: \"0\""),
    ("describe-ttl: 2s\ndescribe-tll: 3s\n", "did you mean \"describe-ttl\"?"),
    ("describe-ttl: 2s\nthreads: 2\n", "line 2: threads cannot change while the gateway runs"),
    ("describe-ttl: 2s\nlisten: 127.0.0.1:1\nstream-limit: 3\n", "stream-limit cannot change"),
    ("describe-ttl: 2s\nlisten: [\n", "line 3: "), ("describe-ttl: [2s\n", "line "),
  ])
  func `of a file with a fault nothing counts, and what held before holds`(
    text: String, fault: String
  ) throws {
    defer { try? FileManager.default.removeItem(atPath: self.path) }
    let (settings, watched) = try self.start("thing-read-burst: 3\n")
    var list = watched
    let (effective, hash) = (settings.effective, try self.value("config_hash"))
    let before = self.applied.count
    try self.write(text)
    self.look(&list)
    #expect(self.applied.count == before)
    #expect(settings.effective == effective)
    #expect(try self.value("config_hash") == hash)
    #expect(try self.value("reload_failing{what=\"configuration\"}") == 1)
    try self.write("thing-read-burst: 5\n")
    self.look(&list)
    #expect(self.applied.last?.thingLimit.limits.reads?.burst == 5)
    #expect(try self.value("reload_failing{what=\"configuration\"}") == 0)
    // The words, which a scrape does not have.
    let configuration = try ServeConfiguration(
      SettingsReader.load(flags: ["region": "us-east-1", "config": self.path], environment: [:]))
    let refusal = #expect(throws: SettingsRefusal.self) {
      try configuration.successor(file: Array(text.utf8), of: self.path)
    }
    #expect(refusal?.description.contains(fault) == true, "\(refusal?.description ?? "")")
  }

  @Test func `another spelling of a setting that cannot change is no change`() throws {
    defer { try? FileManager.default.removeItem(atPath: self.path) }
    let (settings, watched) = try self.start("write-timeout: 30s\nlisten: 127.0.0.1:50051\n")
    var list = watched
    try self.write("listen: [127.0.0.1:50051]\nwrite-timeout: 30000ms\nregion: us-east-1\n")
    self.look(&list)
    #expect(try self.value("reload_failing{what=\"configuration\"}") == 0)
    #expect(settings.effective.first { $0.name == "write-timeout" }?.source?.hasSuffix("2") == true)
  }

  @Test func `a setting that is taken out is named without a place`() throws {
    let flags = ["region": "us-east-1"]
    let configuration = try ServeConfiguration(
      SettingsReader(
        flags: flags, environment: [:],
        file: SettingsFile(path: "g.yaml", values: ["threads": "2"])))
    let refusal = #expect(throws: SettingsRefusal.self) {
      try configuration.successor(file: [], of: "g.yaml")
    }
    #expect(
      refusal?.faults == ["threads cannot change while the gateway runs; restart it for that"])
  }

  @Test func `a pipe is read once, and not looked at again`() throws {
    defer { try? FileManager.default.removeItem(atPath: self.path) }
    // The path is lent for the call.
    let made = unsafe mkfifo(self.path, 0o600)
    #expect(made == 0)
    #expect(!FileBytes.canReadAgain(self.path))
    let settings = SettingsFile(path: self.path, values: ["thing-read-burst": "3"])
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let live = LiveSettings(
      try ServeConfiguration(
        SettingsReader(flags: ["region": "us-east-1"], environment: [:], file: settings)),
      registry: self.registry, logger: logger
    ) { _, _ in }
    var list = WatchList(registry: self.registry, logger: logger)
    try live.watch(in: &list)
    #expect(list.isEmpty)
  }

  @Test func `a flag goes before the file for ever`() throws {
    defer { try? FileManager.default.removeItem(atPath: self.path) }
    let (_, watched) = try self.start("", flags: ["thing-read-burst": "9", "threads": "1"])
    var list = watched
    try self.write("thing-read-burst: 4\nthreads: 3\n")
    self.look(&list)
    #expect(self.applied.last?.thingLimit.limits.reads?.burst == 9)
    #expect(try self.value("reload_failing{what=\"configuration\"}") == 0)
  }

  @Test func `the hash tells settings apart, and neither secrets nor the file's place`() throws {
    func hash(_ flags: [String: String]) throws -> Int64 {
      let flags = flags.merging(["region": "us-east-1"]) { given, _ in given }
      let reader = SettingsReader(flags: flags, environment: [:], file: nil)
      return LiveSettings.hash(of: try ServeConfiguration(reader).effectiveSettings)
    }
    #expect(try hash([:]) == hash(["config": "/etc/gateway.yaml"]))
    #expect(try hash([:]) == hash(["threads": "1"]))
    #expect(try hash([:]) != hash(["threads": "2"]))
    #expect(try 1..<(1 << 48) ~= hash([:]))
    let key = Setting<String>("key", help: "A key.", allowed: "a text", isSecret: true) { $0 }
    let secret = ["a", "b"].map {
      EffectiveSetting(SettingEntry(key), in: "Keys", found: ($0, "--key"))
    }
    #expect(LiveSettings.hash(of: [secret[0]]) == LiveSettings.hash(of: [secret[1]]))
  }
}
