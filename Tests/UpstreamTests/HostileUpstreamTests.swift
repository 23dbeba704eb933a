// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import JobsAPI
import NIOCore
import NIOHTTP1
import Telemetry
import Testing
import Transport

@testable import Upstream

/// Calls to a server that means no good: each has its documented failure, an update that may have
/// been received says so and is never repeated, no connection stays and no lease.
@Suite(.serialized, .timeLimit(.minutes(1))) struct HostileUpstreamTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var reaction: ScriptedServer.Reaction
    var cause: JobsFailure.Cause

    var testDescription: String { self.name }
  }

  private static let cutOff = JobsFailure.Cause.interrupted(
    "upstream connection closed within the response")

  static let cases =
    [
      Case(
        name: "closed without an answer", reaction: .close,
        cause: .interrupted("upstream connection closed without a response"))
    ]
    + HostileAnswer.malformed.filter { $0.failure == .malformedResponse(.notHTTP) }.map {
      Case(
        name: $0.name, reaction: .raw($0.bytes, thenClose: false),
        cause: .malformedResponse("not an HTTP/1.1 response"))
    }
    + HostileAnswer.oversized.map {
      Case(
        name: $0.name, reaction: .raw($0.bytes, thenClose: false),
        cause: .malformedResponse("not an HTTP/1.1 response"))
    }
    + HostileAnswer.incomplete.dropFirst().map {
      Case(name: $0.name, reaction: .raw($0.bytes, thenClose: true), cause: Self.cutOff)
    }

  @Test(arguments: cases)
  func `a call fails as documented, and leaves nothing behind`(hostile: Case) async throws {
    let bench = try await Bench { request in
      request.number < 2 ? hostile.reaction : .answer()
    }
    #expect(await bench.update().failure == failure(hostile.cause, attempts: 1))
    await bench.settled()
    #expect(bench.openConnections == 0)
    #expect(await bench.describe().failure == failure(hostile.cause, attempts: 1))
    await bench.settled()
    #expect(bench.openConnections == 0)
    #expect(bench.metric("connections_closed_total{reason=\"failed\"}") == 2)
    // And the next call is served as if nothing had been.
    #expect(await bench.update().failure == nil)
    #expect(bench.server.seen.requests.count == 3)
    #expect(bench.server.seen.connections == 3)
    try await bench.server.stop()
  }

  @Test(arguments: HostileAnswer.incomplete)
  func `an answer that stops half-way ends in time`(answer: HostileAnswer) async throws {
    let bench = try await Bench {
      $0.attemptTimeout = .milliseconds(200)
      $0.firstByteTimeout = .milliseconds(100)
    } react: { request in
      request.number == 0 ? .raw(answer.bytes, thenClose: false) : .answer()
    }
    #expect(
      await bench.update().failure == failure(.attemptTimedOut(requestSent: true), attempts: 1))
    await bench.settled()
    #expect(bench.metric("connections_closed_total{reason=\"timeout\"}") == 1)
    #expect(await bench.update().failure == nil)
    #expect(bench.server.seen.requests.count == 2)
    try await bench.server.stop()
  }

  @Test(arguments: HostileAnswer.incomplete)
  func `a caller's deadline ends what stops half-way`(answer: HostileAnswer) async throws {
    let bench = try await Bench { _ in .raw(answer.bytes, thenClose: false) }
    let near = CallContext(requestID: "r", deadline: .now.advanced(by: .milliseconds(200)))
    #expect(
      await bench.update(near).failure
        == failure(.deadlineExceeded(mayHaveBeenApplied: true), attempts: 1))
    await bench.settled()
    #expect(bench.openConnections == 0)
    try await bench.server.stop()
  }

  @Test(arguments: [301, 302, 307, 308])
  func `a redirect is refused and never followed`(status: Int) async throws {
    let target = try await ScriptedServer.start(on: MultiThreadedLoops.next()) { _ in .answer() }
    let bench = try await Bench { _ in
      .answer(status: status, headers: [("Location", "http://127.0.0.1:\(target.port)/")])
    }
    guard case .refused(let refusal)? = await bench.update().failure?.cause else {
      Issue.record("a redirect is no answer")
      return
    }
    #expect(refusal.httpStatus == status)
    #expect(bench.server.seen.requests.count == 1 && target.seen.connections == 0)
    try await bench.server.stop()
    try await target.stop()
  }

  @Test func `a kept connection that is closed as it is used costs no update`() async throws {
    let bench = try await Bench { $0.numberOnConnection == 0 ? .answer() : .close }
    for round in 1...5 {
      #expect(await bench.describe().failure == nil)
      // It may have been received, so it is not sent again.
      #expect(
        await bench.update().failure
          == failure(.interrupted("upstream connection closed without a response"), attempts: 1))
      #expect(bench.server.seen.requests.count { $0.head.method == .POST } == round)
      await bench.settled()
      #expect(bench.openConnections == 0)
    }
    try await bench.server.stop()
  }

  @Test func `a server that speaks no TLS is unreachable`() async throws {
    let fixture = try SecureFixture()
    let plain = try await ScriptedServer.start(on: MultiThreadedLoops.next()) { _ in .answer() }
    let failure = await self.exchangeFailure(
      OutboundConnector(
        host: "127.0.0.1", port: plain.port,
        security: OutboundSecurity(try fixture.endpoint(), handshakeTimeout: .milliseconds(200))))
    guard case .connectFailed(.tls)? = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    try await plain.stop()
  }

  @Test func `a handshake that stops half-way ends in time`() async throws {
    let fixture = try SecureFixture()
    let silent = try await ServerSocket.silent(on: MultiThreadedLoops.next())
    let failure = await self.exchangeFailure(
      OutboundConnector(
        host: "127.0.0.1", port: silent.localAddress?.port ?? 0,
        security: OutboundSecurity(try fixture.endpoint(), handshakeTimeout: .milliseconds(100))))
    #expect(failure == .connectFailed(.tls(.handshakeTimedOut(.milliseconds(100)))))
    try await silent.close()
  }

  private func exchangeFailure(_ connector: OutboundConnector) async -> ExchangeFailure? {
    let loop = MultiThreadedLoops.next()
    return await LoopCaller(loop: loop).run {
      let pool = LoopPool(loop: loop, connector: connector, limits: PoolState.Limits())
      var stages = StageTimes()
      do throws(ExchangeFailure) {
        _ = try await pool.exchange(
          ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"), deadline: .now() + .seconds(10),
          stages: &stages)
        return nil
      } catch {
        #expect(pool.gauges.connecting.value == 0 && pool.gauges.waiting.value == 0)
        return error
      }
    }
  }
}
