// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import JobsAPI
import Testing
import Transport

/// Calls to an https endpoint.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SecureUpstreamTests {
  private func bench(
    _ fixture: SecureFixture? = nil, host: String = SecureFixture.host,
    react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws -> Bench {
    let fixture = try fixture ?? SecureFixture()
    return try await Bench(
      secure: (fixture.server, OutboundSecurity(try fixture.endpoint(host))), react: react)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a connection is kept as one without TLS is`(version: TLSVersion) async throws {
    let bench = try await self.bench(SecureFixture(version: version)) { _ in .answer() }
    for _ in 0..<3 { #expect(await bench.describe().failure == nil) }
    #expect(bench.server.seen.connections == 1)
    #expect(bench.metric("tls_handshake_seconds_count") == 1)
  }

  @Test func `a body that ends with the connection is whole after a goodbye`() async throws {
    let bench = try await self.bench { _ in
      .raw("HTTP/1.1 200 OK\r\n\r\n{}", thenClose: true)
    }
    #expect(await bench.describe().failure == nil)
  }

  @Test(arguments: ["HTTP/1.1 200 OK\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"])
  func `a body that is cut off is an interruption`(response: String) async throws {
    let bench = try await self.bench { _ in .truncated(response) }
    #expect(
      await bench.update().failure
        == failure(.interrupted("upstream connection closed within the response"), attempts: 1))
  }

  @Test func `a whole response needs no goodbye`() async throws {
    let bench = try await self.bench { _ in
      .truncated("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    }
    #expect(await bench.update().failure == nil)
    #expect(await bench.update().failure == nil)
    #expect(bench.server.seen.connections == 2)
  }

  @Test func `an update to a server of another name is surely not applied`() async throws {
    let bench = try await self.bench(host: "b.example.com") { _ in .answer() }
    let failure = await bench.update().failure
    guard case .unreachable(let words)? = failure?.cause else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(words.hasPrefix("TLS: certificate rejected: hostname mismatch"))
    #expect(bench.server.seen.requests.isEmpty)
    #expect(bench.witness.seen.map(\.errorName) == ["connect"])
  }
}
