// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOPosix
import Telemetry
import Testing

@testable import Upstream

enum MultiThreadedLoops {
  static func next() -> any EventLoop { MultiThreadedEventLoopGroup.singleton.next() }
}

enum ServerSocket {
  /// Accepts connections and says nothing.
  static func silent(on loop: any EventLoop) async throws -> any Channel {
    try await ServerBootstrap(group: loop).bind(host: "127.0.0.1", port: 0).get()
  }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct WarmPoolTests {
  @Test func `the first call finds a connection, and the last close is ours`() async throws {
    let bench = try await Bench {
      $0.pool.warmConnections = 2
    } react: { _ in
      .answer()
    }
    bench.jobs.warm()
    await bench.until { bench.jobs.gauges.idle.value == 2 }
    #expect(await bench.describe().failure == nil)
    #expect(bench.server.seen.connections == 2)
    #expect(bench.metric("pool_leases_total{connection=\"kept\"}") == 1)
    #expect(bench.metric("pool_leases_total{connection=\"new\"}") == 0)
    await bench.jobs.drain()
    #expect(bench.metric("connections_closed_total{reason=\"draining\"}") == 2)
    #expect(bench.openConnections == 0)
    try await bench.server.stop()
  }

  /// Else the floor, filled again after each failure, would double what is sent to a server that
  /// closes whatever it is sent.
  @Test func `a connection that has carried nothing is not taken for a deserted one`() async throws
  {
    let bench = try await Bench { _ in .close }
    bench.jobs.warm()
    for count in 1...3 {
      await bench.until { bench.jobs.gauges.idle.value == 1 }
      #expect(
        await bench.describe().failure
          == failure(.interrupted("upstream connection closed without a response"), attempts: 1))
      #expect(bench.server.seen.requests.count == count)
    }
    try await bench.server.stop()
  }

  @Test func `a warm connection that the server closes is replaced`() async throws {
    let bench = try await Bench { _ in
      .raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", thenClose: true)
    }
    bench.jobs.warm()
    for count in 1...3 {
      await bench.until { bench.jobs.gauges.idle.value == 1 }
      #expect(await bench.describe().failure == nil)
      await bench.until { bench.server.seen.connections == count + 1 }
    }
    #expect(bench.metric("connections_closed_total{reason=\"not_kept\"}") == 3)
    try await bench.server.stop()
  }

  @Test func `an upstream that is not there is no reason to hurry`() async throws {
    let bench = try await Bench { _ in .answer() }
    try await bench.server.stop()
    bench.jobs.warm()
    await bench.until { bench.metric("connect_failures_total{reason=\"refused\"}") == 1 }
    // A call is told at once, whatever the pause.
    #expect(
      await bench.update().failure == failure(.unreachable("connection refused"), attempts: 0))
    #expect(bench.metric("connect_failures_total") == 2)
    await bench.jobs.drain()
    #expect(bench.jobs.gauges.connecting.value == 0)
  }

  @Test func `waits and leases are counted`() async throws {
    let bench = try await Bench { _ in .answer() }
    for _ in 0..<3 { #expect(await bench.describe().failure == nil) }
    #expect(bench.metric("pool_leases_total{connection=\"new\"}") == 1)
    #expect(bench.metric("pool_leases_total{connection=\"kept\"}") == 2)
    #expect(bench.metric("pool_wait_seconds_count") == 1)
    #expect(bench.metric("connect_seconds_count") == 1)
    #expect(bench.metric("tls_handshake_seconds_count") == 0)
    #expect(bench.openConnections == 1)
    try await bench.server.stop()
  }
}
