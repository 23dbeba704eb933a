// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@testable import iot_jobs_gateway

@Suite struct WatchListTests {
  /// Takes whatever does not hold "bad".
  private final class User: Sendable {
    let taken = Mutex<[String]>([])

    func use(_ contents: [[UInt8]]) throws(FileRefusal) {
      let text = contents.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "+")
      guard !text.contains("bad") else { throw FileRefusal(path: nil, reason: "it is bad") }
      self.taken.withLock { $0.append(text) }
    }
  }

  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("watch-\(UUID().uuidString)")
  private let registry = MetricsRegistry()
  private let user = User()

  private func path(_ name: String) -> String { self.folder.appendingPathComponent(name).path }

  private func write(_ text: String, to name: String) throws {
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    try text.write(toFile: self.path(name), atomically: false, encoding: .utf8)
  }

  private func list(_ names: String...) throws -> WatchList {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    var list = WatchList(registry: self.registry, logger: logger)
    try list.add(
      WatchedFiles("pair", paths: names.map(self.path), limitBytes: 64) {
        [user] contents throws(FileRefusal) in try user.use(contents)
      })
    return list
  }

  private var scrape: String { String(decoding: self.registry.exposition(), as: UTF8.self) }

  @Test func `a change is used once it has come to rest, and the rest is counted`() throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("a1", to: "a")
    try self.write("b1", to: "b")
    var list = try self.list("a", "b")
    let before = list.look()
    #expect(!before)
    try self.write("a2", to: "a")
    let first = list.look()
    #expect(first)
    try self.write("b2", to: "b")
    let second = list.look()
    #expect(second)
    let third = list.look()
    #expect(!third)
    #expect(self.user.taken.withLock { $0 } == ["a1+b1", "a2+b2"])
    #expect(
      self.scrape.contains(#"iot_jobs_gateway_reloads_total{what="pair",result="success"} 1"#))
  }

  @Test func `what cannot be used is told and leaves the former in force`() throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("good", to: "a")
    var list = try self.list("a")
    for text in ["bad", String(repeating: "x", count: 65)] {
      try self.write(text, to: "a")
      _ = list.look()
      _ = list.look()
      _ = list.look()
      #expect(self.scrape.contains(#"iot_jobs_gateway_reload_failing{what="pair"} 1"#))
    }
    #expect(
      self.scrape.contains(#"iot_jobs_gateway_reloads_total{what="pair",result="failure"} 2"#))
    #expect(self.user.taken.withLock { $0 } == ["good"])
    try self.write("good", to: "a")
    _ = list.look()
    #expect(self.scrape.contains(#"iot_jobs_gateway_reload_failing{what="pair"} 0"#))
  }

  @Test func `what was refused is judged again when somebody asks, once`() throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("good", to: "a")
    var list = try self.list("a")
    func failures() -> String? {
      let failed = #"iot_jobs_gateway_reloads_total{what="pair",result="failure"} "#
      let line = self.scrape.split(separator: "\n").first { $0.hasPrefix(failed) }
      return line.map { String($0.dropFirst(failed.count)) }
    }
    // Nothing was refused yet.
    list.judgeAgain()
    try self.write("bad", to: "a")
    for _ in 0..<4 { _ = list.look() }
    #expect(failures() == "1")
    list.judgeAgain()
    for _ in 0..<3 { _ = list.look() }
    #expect(failures() == "2")
    #expect(self.scrape.contains(#"iot_jobs_gateway_reload_failing{what="pair"} 1"#))
    #expect(self.user.taken.withLock { $0 } == ["good"])
  }

  @Test func `a file that is not there at the start is an error, and so is a bad one`() throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    let missing = #expect(throws: FileRefusal.self) { try self.list("none") }
    #expect(missing?.description == "\(self.path("none")): No such file or directory")
    try self.write("bad", to: "a")
    #expect(throws: FileRefusal(path: nil, reason: "it is bad")) { try self.list("a") }
  }

  @Test func `a swapped symbolic link is seen`() throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("one", to: "first")
    try self.write("two", to: "second")
    try FileManager.default.createSymbolicLink(
      atPath: self.path("link"), withDestinationPath: self.path("first"))
    var list = try self.list("link")
    try FileManager.default.removeItem(atPath: self.path("link"))
    try FileManager.default.createSymbolicLink(
      atPath: self.path("link"), withDestinationPath: self.path("second"))
    _ = list.look()
    _ = list.look()
    #expect(self.user.taken.withLock { $0 } == ["one", "two"])
  }
}
