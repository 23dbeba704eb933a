// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import NIOCore
import NIOPosix
import Testing

@testable import Upstream

@Suite(.serialized, .timeLimit(.minutes(1))) struct PoolSnapshotTests {
  private static func fleet(
    on group: any EventLoopGroup, port: Int, connections: Int = 3
  ) throws -> UpstreamFleet {
    var configuration = UpstreamConfiguration(
      endpoint: try #require(HTTPURL("http://127.0.0.1:\(port)")), region: "r")
    configuration.pool.maxConnections = connections
    configuration.pool.maxWaiting = 9
    return try UpstreamFleet(
      group: group, configuration,
      credentials: FixedCredential(Credential(accessKeyID: "A", secretAccessKey: "s")),
      observer: UnobservedUpstream())
  }

  private static func ask(
    _ jobs: SignedJobs
  ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
    try await jobs.getPending(
      GetPendingJobExecutions(thingName: "t"), in: CallContext(requestID: "r"))
  }

  @Test func `each loop's connections are told, with what they have carried`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let server = try await ScriptedServer.start(on: group.next()) { _ in .answer() }
    let fleet = try Self.fleet(on: group, port: server.port)
    let untouched = await fleet.snapshot()
    #expect(untouched.map(\.loop) == [0, 1])
    #expect(untouched.allSatisfy { $0.connections.isEmpty && $0.waiting.calls == 0 })
    let loop = try #require(Array(group.makeIterator()).last)
    let jobs = try #require(fleet.backend(on: loop))
    for _ in 0..<3 {
      _ = try await LoopCaller(loop: loop).run { try await Self.ask(jobs) }
    }
    let snapshots = await fleet.snapshot()
    #expect(snapshots.map(\.connections.count) == [0, 1])
    let connection = try #require(snapshots.last?.connections.first)
    #expect(connection.state == .idle && connection.requests == 3 && connection.slot == 0)
    let idle = try #require(connection.idleMilliseconds)
    #expect(0...connection.ageMilliseconds ~= idle)
    #expect(snapshots.map(\.maxConnections) == [3, 3] && snapshots.map(\.maxWaiting) == [9, 9])
    #expect(snapshots.allSatisfy { !$0.isDraining })
    await fleet.drain()
    let drained = await fleet.snapshot()
    #expect(drained.allSatisfy { $0.isDraining && $0.connections.isEmpty })
    try await server.stop()
    try await group.shutdownGracefully()
  }

  @Test func `what is under way and what waits is told`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await ScriptedServer.start(on: group.next()) { _ in .silence }
    let fleet = try Self.fleet(on: group, port: server.port, connections: 1)
    let loop = group.next()
    let jobs = try #require(fleet.backend(on: loop))
    let calls = (0..<3).map { _ in
      Task { try? await LoopCaller(loop: loop).run { try await Self.ask(jobs) } }
    }
    var snapshot: PoolSnapshot?
    repeat {
      snapshot = await fleet.snapshot().first
    } while snapshot?.waiting.calls != 2 || snapshot?.connections.first?.state != .active
    let connection = try #require(snapshot?.connections.first)
    #expect(connection.requests == 1 && connection.idleMilliseconds == nil)
    #expect(try #require(snapshot?.waiting.longestMilliseconds) >= 0)
    for call in calls { call.cancel() }
    for call in calls { _ = await call.value }
    await fleet.drain()
    try await server.stop()
    try await group.shutdownGracefully()
  }

  @Test func `slots tell what they hold`() {
    var limits = PoolState.Limits()
    limits.maxConnections = 3
    var state = PoolState(limits: limits)
    #expect(state.occupied.isEmpty)
    let now = ContinuousClock.now
    guard case .connect(let first, _) = state.lease(), case .connect(let second, _) = state.lease()
    else {
      Issue.record("no connection is made")
      return
    }
    _ = state.connected(first, now: now, jitter: 0)
    #expect(state.occupied.map(\.state) == [.active, .connecting])
    _ = state.connectFailed(second, now: now, jitter: 0)
    #expect(state.released(first, spent: nil, now: now) == .park)
    #expect(
      state.occupied == [PoolState.Occupied(number: 0, state: .idle, idleSince: now)])
  }
}
