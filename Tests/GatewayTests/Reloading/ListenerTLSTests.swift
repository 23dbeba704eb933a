// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Foundation
import GatewayTestKit
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import Telemetry
import Testing
import Transport

@testable import iot_jobs_gateway

@Suite struct ListenerTLSTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("listener-tls-\(UUID().uuidString)")
  private let registry = MetricsRegistry()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func path(_ name: String) -> String { self.folder.appendingPathComponent(name).path }

  /// Puts a certificate for `name` into the files.
  private func write(_ name: String) throws {
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    let authority = try CertificateAuthority()
    let certificate = try authority.issue(CertificateTerms(name, dnsNames: [name]))
    try Data(certificate.chainPEM).write(to: URL(fileURLWithPath: self.path("certificate")))
    try Data(certificate.keyPEM).write(to: URL(fileURLWithPath: self.path("key")))
  }

  @Test func `new tickets bring no files into force that the watch has not judged`() throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("a.example")
    let reader = SettingsReader(
      flags: ["tls-certificate": self.path("certificate"), "tls-key": self.path("key")],
      environment: [:], file: nil)
    var watched = WatchList(registry: self.registry, logger: self.logger)
    let tls = try #require(
      try ListenerTLS.load(
        TLSFiles(reader), watched: &watched, registry: self.registry, logger: self.logger))
    try self.write("b.example")
    let before = tls.grpc.current
    tls.renewTickets()
    #expect(tls.grpc.current !== before)
    #expect(tls.grpc.current.certificate?.names == ["a.example"])
    // Seen, and seen again.
    let isUnsettled = watched.look()
    #expect(isUnsettled)
    _ = watched.look()
    #expect(tls.grpc.current.certificate?.names == ["b.example"])
    tls.renewTickets()
    #expect(tls.grpc.current.certificate?.names == ["b.example"])
  }

  private func load() throws -> ListenerTLS {
    let reader = SettingsReader(
      flags: ["tls-certificate": self.path("certificate"), "tls-key": self.path("key")],
      environment: [:], file: nil)
    var watched = WatchList(registry: self.registry, logger: self.logger)
    return try #require(
      try ListenerTLS.load(
        TLSFiles(reader), watched: &watched, registry: self.registry, logger: self.logger))
  }

  @Test func `tickets get a new key every twelve hours`() async throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("a.example")
    let tls = try self.load()
    let loop = NIOAsyncTestingEventLoop()
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    tls.renewTickets(on: loop, threads: threads)
    var seen = [tls.grpc.current]
    for _ in 0..<2 {
      await loop.advanceTime(by: .hours(12) - .nanoseconds(1))
      // One thread works in order: what was begun before this is done.
      try await threads.runIfActive {}
      #expect(tls.grpc.current === seen.last)
      await loop.advanceTime(by: .nanoseconds(1))
      try await threads.runIfActive {}
      #expect(!seen.contains { $0 === tls.grpc.current })
      #expect(tls.grpc.current.certificate == seen[0].certificate)
      seen.append(tls.grpc.current)
    }
    try await threads.shutdownGracefully()
    await loop.shutdownGracefully()
  }

  @Test(arguments: ["certificate", "key"])
  func `what is wrong with a file is told by its name`(name: String) throws {
    defer { try? FileManager.default.removeItem(at: self.folder) }
    try self.write("a.example")
    try Data().write(to: URL(fileURLWithPath: self.path(name)))
    let error = #expect(throws: FileRefusal.self) { try self.load() }
    #expect(error?.description.contains(self.path(name)) == true)
  }
}
