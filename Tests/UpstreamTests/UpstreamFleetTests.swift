// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import NIOCore
import NIOPosix
import Telemetry
import Testing

@testable import Upstream

@Suite(.serialized, .timeLimit(.minutes(1))) struct UpstreamFleetTests {
  @Test func `each loop has a backend of its own, and all drain together`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let server = try await ScriptedServer.start(on: group.next()) { _ in .answer() }
    let fleet = try UpstreamFleet(
      group: group,
      UpstreamConfiguration(
        endpoint: try #require(HTTPURL("http://127.0.0.1:\(server.port)")), region: "r"),
      credentials: FixedCredential(Credential(accessKeyID: "A", secretAccessKey: "s")),
      observer: UnobservedUpstream())
    for loop in group.makeIterator() {
      let jobs = try #require(fleet.backend(on: loop))
      let reply = try await LoopCaller(loop: loop).run {
        try await jobs.getPending(
          GetPendingJobExecutions(thingName: "t"), in: CallContext(requestID: "r"))
      }
      #expect(reply.value == PendingJobExecutions())
    }
    let stranger = fleet.backend(on: MultiThreadedEventLoopGroup.singleton.next())
    #expect(stranger.map { _ in true } == nil)
    #expect(fleet.gauges.map(\.idle.value) == [1, 1])
    #expect(server.seen.connections == 2)
    await fleet.drain()
    #expect(fleet.gauges.map(\.idle.value) == [0, 0])
    try await server.stop()
    try await group.shutdownGracefully()
  }

  @Test func `an expired credential is not signed with`() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let credential = Credential(
      accessKeyID: "A", secretAccessKey: "s", sessionToken: "t", expiresAtSeconds: 1_000)
    let fleet = try UpstreamFleet(
      group: MultiThreadedEventLoopGroup.singleton,
      UpstreamConfiguration(
        endpoint: try #require(HTTPURL("http://127.0.0.1:1")), region: "r"),
      credentials: FixedCredential(credential), observer: UnobservedUpstream(),
      clock: WallClock { 1_000 })
    let jobs = try #require(fleet.backend(on: loop))
    let failure = await #expect(throws: JobsFailure.self) {
      try await LoopCaller(loop: loop).run {
        try await jobs.getPending(
          GetPendingJobExecutions(thingName: "t"), in: CallContext(requestID: "r"))
      }
    }
    #expect(failure?.cause == .credentialsUnavailable("the credential has expired"))
    #expect(failure?.trace.attempts == 0)
  }
}
