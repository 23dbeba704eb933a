// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import EmulatorServer
import JobsAPI
import NIOCore
import NIOPosix
import RESTServer
import RESTTestKit
import Synchronization
import Testing
import Transport

struct EmulatorServerTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  private func start(
    _ backend: some JobsBackend, _ address: String = "127.0.0.1:0"
  ) async throws -> EmulatorServer {
    try await EmulatorServer.start(
      EmulatorServerConfiguration(address: ListenAddress(address), authentication: .disabled),
      backend: backend, controlPlane: RecordingBackend(), on: self.group)
  }

  /// Sends the bytes and returns all that comes until the server closes.
  ///
  /// The loop sends them as soon as it is connected: this task may wait behind a thousand others for
  /// longer than the server waits for a request.
  private func exchange(_ text: String, with server: EmulatorServer) async throws -> String {
    let received = self.group.any().makePromise(of: String.self)
    let address = try #require(server.address.socketAddress)
    _ = try await ClientBootstrap(group: self.group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(UntilClosed(received, sending: text))
        }
      }
      .connect(to: address).get()
    return try await received.futureResult.get()
  }

  private final class UntilClosed: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let received: EventLoopPromise<String>
    private let request: String
    private var text = ""

    init(_ received: EventLoopPromise<String>, sending request: String) {
      self.received = received
      self.request = request
    }

    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(
        Self.wrapOutboundOut(ByteBuffer(string: self.request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      self.text += String(buffer: Self.unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
      self.received.succeed(self.text)
    }
  }

  @Test func `requests over real connections are answered and counted`() async throws {
    let server = try await self.start(RecordingBackend())
    let answer = try await self.exchange(
      "GET /things/t/jobs HTTP/1.1\r\nHost: h\r\n\r\n"
        + "GET /jobs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      with: server)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nx-amzn-RequestId: "))
    #expect(answer.contains(#"{"inProgressJobs":[],"queuedJobs":[]}HTTP/1.1 200 OK"#))
    #expect(answer.contains(#""nextToken":"next"}"#))
    #expect(server.ledger.connectionsAccepted == 1)
    #expect(server.ledger.counts(of: .dataPlane(.getPending)).succeeded == 1)
    let garbage = try await self.exchange("\u{16}\u{03}\u{01}", with: server)
    #expect(garbage.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    let dropped = try await self.exchange(
      "GET /things/t/jobs HTTP/1.1\r\nHost: h\r\nx-emulator-fault: drop=after\r\n\r\n",
      with: server)
    #expect(dropped == "")
    #expect(server.ledger.counts(of: .dataPlane(.getPending)).carriedOut == 2)
    #expect(await server.shutdown() == 0)
    #expect(server.openConnections == 0)
  }

  @Test func `a refused body is told even to who goes on sending`() async throws {
    let server = try await self.start(RecordingBackend())
    let answer = try await self.exchange(
      "PUT /jobs/j HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n"
        + String(repeating: "x", count: 200_000),
      with: server)
    #expect(answer.hasPrefix("HTTP/1.1 413 "))
    #expect(await server.shutdown() == 0)
  }

  @Test func `garbage is told so even to who goes on sending`() async throws {
    let server = try await self.start(RecordingBackend())
    let answer = try await self.exchange(
      "GARBAGE\r\n\r\n" + String(repeating: "x", count: 300_000), with: server)
    #expect(answer.hasPrefix("HTTP/1.1 400 "))
    #expect(await server.shutdown() == 0)
  }

  @Test func `the console is for this machine alone`() async throws {
    let open = try await self.start(RecordingBackend(), "0.0.0.0:0")
    let request = "GET /_emulator/requests HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    #expect(try await self.exchange(request, with: open).hasPrefix("HTTP/1.1 404 "))
    #expect(await open.shutdown() == 0)
    let local = try await self.start(RecordingBackend())
    #expect(try await self.exchange(request, with: local).hasPrefix("HTTP/1.1 200 "))
    #expect(await local.shutdown() == 0)
  }

  @Test func `an address in use is an error that says so`() async throws {
    let server = try await self.start(RecordingBackend())
    await #expect {
      try await self.start(RecordingBackend(), server.address.description)
    } throws: { error in
      guard case .listening(.bindFailed(server.address, _)) = error as? EmulatorServerError else {
        return false
      }
      return true
    }
    #expect(await server.shutdown() == 0)
  }

  /// A backend that leaves the loop and comes back, and notes where it stands.
  private struct Wandering: JobsBackend {
    let loop: Mutexed<(before: Bool, after: Bool)?>
    let group: any EventLoopGroup

    private func isInLoop() -> Bool {
      self.group.makeIterator().contains { $0.inEventLoop }
    }

    func getPending(
      _ call: GetPendingJobExecutions, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<PendingJobExecutions> {
      let before = self.isInLoop()
      await Task.detached {}.value
      self.loop.value.withLock { $0 = (before, self.isInLoop()) }
      return JobsReply(PendingJobExecutions())
    }

    func describe(
      _ call: DescribeJobExecution, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<JobExecution?> { JobsReply(nil) }

    func startNext(
      _ call: StartNextPendingJobExecution, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<JobExecution?> { JobsReply(nil) }

    func update(
      _ call: UpdateJobExecution, in context: CallContext
    ) async throws(JobsFailure) -> JobsReply<UpdatedJobExecution> {
      JobsReply(UpdatedJobExecution())
    }
  }

  private final class Mutexed<Value: Sendable>: Sendable {
    let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
  }

  @Test func `the backend runs in the event loop, before and after it waits`() async throws {
    let seen = Mutexed<(before: Bool, after: Bool)?>(nil)
    let server = try await self.start(Wandering(loop: seen, group: self.group))
    let answer = try await self.exchange(
      "GET /things/t/jobs HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", with: server)
    #expect(answer.hasPrefix("HTTP/1.1 200 "))
    let places = try #require(seen.value.withLock { $0 })
    #expect(places.before)
    #expect(places.after)
    #expect(await server.shutdown() == 0)
  }
}
