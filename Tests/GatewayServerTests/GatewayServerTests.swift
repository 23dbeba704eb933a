// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI
import Logging
import NIOCore
import NIOPosix
import Telemetry
import Testing
import Transport

@testable import GatewayServer

/// The server on real sockets and real loops.
struct GatewayServerTests {
  private let registry = MetricsRegistry()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Longer than any test's task waits for its turn. No test here is about a drain that takes long.
  private static let patience = TimeAmount.hours(1)

  /// Serves on a free port of one loop, lets the test be a client whose requests are sent, and
  /// drains.
  private func withServer(
    _ script: ScriptedBackend.Script, calledWith requests: [Request],
    _ body: (ScriptedBackend, Listener, NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws ->
      Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let backend = ScriptedBackend(on: group.any(), script)
    let server = GatewayServer(
      on: group, standard: StandardMethods(health: HealthStatuses(Readiness())),
      reporting: CallReporting(
        metrics: RequestMetrics(registry: self.registry),
        failures: FailureMetrics(registry: self.registry), log: CallLog(self.logger)),
      logger: self.logger
    ) { _ in backend }
    let ledger = OpeningLedger(registry: self.registry, logger: self.logger)
    let listener = try await server.bind(
      CallerEntrance(
        at: .ipv4(host: "127.0.0.1", port: 0), opening: OpeningRules(ledger: ledger)))
    let client = try await self.connect(to: listener, saying: requests)
    try await body(backend, listener, client)
    await listener.drain(grace: Self.patience)
    try await group.shutdownGracefully()
  }

  /// Begins with the preface and requests on streams 1, 3, and so on.
  private func connect(
    to listener: Listener, saying requests: [Request]
  ) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    let address = try #require(listener.address.socketAddress)
    var bytes = Frame.preface + Frame.settings().bytes + Frame.settingsAck.bytes
    for (index, request) in requests.enumerated() {
      bytes += request.bytes(on: Int32(2 * index + 1))
    }
    let opening = Opening(ByteBuffer(bytes: bytes))
    return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(opening)
          return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// Gathers answers until so many streams are over.
  private func answers(
    _ count: Int, over client: NIOAsyncChannel<ByteBuffer, ByteBuffer>
  ) async throws -> [Int32: Answer] {
    let inflater = try #require(HeaderInflater())
    return try await client.executeThenClose { inbound, _ in
      var answers: [Int32: Answer] = [:]
      var received: [UInt8] = []
      for try await buffer in inbound {
        received += Array(buffer.readableBytesView)
        let frames = Frame.read(received)
        received.removeFirst(frames.reduce(0) { $0 + $1.bytes.count })
        for frame in frames where frame.streamID != 0 {
          answers[frame.streamID, default: Answer()].add(frame, inflater)
        }
        if answers.values.filter(\.isEnded).count == count { break }
      }
      return answers
    }
  }

  @Test func `calls over a socket are answered and counted`() async throws {
    try await self.withServer(
      .answer(UpstreamTrace(attempts: 1)), calledWith: JobsOperation.allCases.map { Request($0) }
    ) { backend, _, client in
      let answers = try await self.answers(4, over: client)
      #expect(answers.count == 4)
      #expect(answers.values.allSatisfy { $0.status == "0" && $0["x-gateway-attempts"] == "1" })
      #expect(backend.wasInLoop.allSatisfy { $0 })
    }
    let counted = self.registry.samples(of: "iot_jobs_gateway_requests_total")
    #expect(counted.values.reduce(0, +) == 4)
    let inFlight = self.registry.samples(of: "iot_jobs_gateway_requests_in_flight")
    #expect(inFlight.values.reduce(0, +) == 0)
  }

  @Test func `a call that waits goes on in its own loop`() async throws {
    try await self.withServer(.wait, calledWith: [Request(.update)]) { backend, _, client in
      await backend.untilWaiting()
      backend.release()
      let answers = try await self.answers(1, over: client)
      #expect(answers[1]?.status == "0")
      #expect(backend.wasInLoop == [true, true, true])
    }
  }

  @Test func `a client that hangs up cancels its calls`() async throws {
    try await self.withServer(.wait, calledWith: [Request(.update)]) { backend, listener, client in
      try await client.executeThenClose { _, _ in await backend.untilWaiting() }
      // Returns when the connection is closed, which is after its calls were cancelled.
      await listener.drain(grace: Self.patience)
      #expect(backend.cancelled == 1)
      #expect(backend.waiting == 0)
    }
  }

  @Test func `a running call is answered before the drain ends, and nothing is cut off`()
    async throws
  {
    try await self.withServer(.wait, calledWith: [Request(.update)]) { backend, listener, client in
      let inflater = try #require(HeaderInflater())
      var answer = Answer()
      try await client.executeThenClose { inbound, outbound in
        await backend.untilWaiting()
        async let closedHard = listener.drain(grace: Self.patience)
        var received: [UInt8] = []
        // To the end: the server closes its side when all is said.
        for try await buffer in inbound {
          received += Array(buffer.readableBytesView)
          let frames = Frame.read(received)
          received.removeFirst(frames.reduce(0) { $0 + $1.bytes.count })
          for frame in frames where frame.streamID == 1 { answer.add(frame, inflater) }
          if let ping = frames.first(where: { $0.kind == .ping && !$0.isAcknowledgement }) {
            try await outbound.write(ByteBuffer(bytes: Frame.ping(ping.payload, ack: true).bytes))
            backend.release()
          }
        }
        #expect(await closedHard == 0)
      }
      #expect(answer.status == "0")
      #expect(answer.isEnded)
    }
    #expect(
      self.registry.samples(of: "iot_jobs_gateway_requests_total")[
        #"method="UpdateJobExecution",code="OK""#] == 1)
  }
}

extension Frame {
  fileprivate var isAcknowledgement: Bool { self.flags & Frame.ack != 0 }
}
