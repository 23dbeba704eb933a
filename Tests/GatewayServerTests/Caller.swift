// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import JobsAPI
import Logging
import NIOCore
import NIOEmbedded
import StandardServices
import Synchronization
import Telemetry
import Testing
import Transport

@testable import GatewayServer

/// One connection whose far end is written by hand, on a loop whose time the test tells.
///
/// What the test does and what the handler answers alternate strictly: the loop only runs when it
/// is told to, until nothing is left to do.
final class Caller {
  let loop = NIOAsyncTestingEventLoop()
  let channel: NIOAsyncTestingChannel
  let backend: ScriptedBackend
  let registry = MetricsRegistry()
  let readGate = ReadGate()
  let readiness = Readiness()
  /// Buffers written to the channel so far.
  private(set) var writeCount = 0
  /// All that is known of each stream so far.
  private(set) var answers: [Int32: Answer] = [:]
  private let inflater: HeaderInflater

  /// Opens the connection: preface and SETTINGS both ways, acknowledged.
  init(
    _ script: ScriptedBackend.Script = .answer(), http2Limits: HTTP2Limits = HTTP2Limits(),
    callLimits: CallLimits = CallLimits(), terms: ConnectionTerms = ConnectionTerms(),
    settings: [(id: UInt16, value: UInt32)] = [],
    peer: ConnectionPeer = .anonymous, accessControl: AccessControl? = nil,
    reflection: Bool = true, presigner: (any CallPresigner)? = nil, callLog: CallLog? = nil,
    tracing: CallTracing? = nil,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) async throws {
    let backend = ScriptedBackend(on: self.loop, script)
    let service = RPCService(loop: self.loop, backend: backend)
    let reporting = CallReporting(
      metrics: RequestMetrics(registry: self.registry),
      failures: FailureMetrics(registry: self.registry), tracing: tracing,
      log: callLog ?? CallLog(logger))
    let loop = self.loop
    let readGate = self.readGate
    let standard = StandardMethods(
      health: HealthStatuses(self.readiness),
      descriptors: reflection ? try DescriptorIndex.embedded() : nil, presigner: presigner)
    self.inflater = try #require(HeaderInflater())
    self.backend = backend
    self.channel = try await NIOAsyncTestingChannel(loop: self.loop) { channel in
      let handler = HTTP2Handler(
        session: try HTTP2Session(limits: http2Limits), service: service,
        standard: standard, reporting: reporting,
        limits: callLimits, terms: terms,
        logger: logger, loop: loop)
      handler.peer = peer
      handler.accessControl = accessControl
      try channel.pipeline.syncOperations.addHandlers([
        ReadGateHandler(gate: readGate), handler,
      ])
    }
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: 50_051)
    try await self.channel.connect(to: address)
    try await self.send(Frame.preface + Frame.settings(settings).bytes + Frame.settingsAck.bytes)
    _ = try await self.takeFrames()
  }

  // MARK: Sending

  func send(_ frames: Frame...) async throws {
    try await self.send(frames.flatMap(\.bytes))
  }

  /// One read's worth of bytes.
  func send(_ bytes: [UInt8]) async throws {
    try await self.channel.writeInbound(ByteBuffer(bytes: bytes))
    await self.loop.run()
  }

  // MARK: Receiving

  /// The frames written since the last time. Those of streams also go into ``answers``.
  func takeFrames() async throws -> [Frame] {
    await self.loop.run()
    var frames: [Frame] = []
    while let buffer = try await self.channel.readOutbound(as: ByteBuffer.self) {
      self.writeCount += 1
      frames += Frame.read(Array(buffer.readableBytesView))
    }
    for frame in frames where frame.streamID != 0 {
      self.answers[frame.streamID, default: Answer()].add(frame, self.inflater)
    }
    return frames
  }

  /// The answer on a stream, which is over.
  func answer(on streamID: Int32 = 1) async throws -> Answer {
    _ = try await self.takeFrames()
    return try #require(self.answers[streamID])
  }

  /// Sends a whole request and takes its answer.
  func call(_ request: Request, on streamID: Int32 = 1) async throws -> Answer {
    try await self.send(request.bytes(on: streamID))
    return try await self.answer(on: streamID)
  }

  // MARK: The connection

  /// Lets time go by, and everything happen that is due.
  func pass(_ time: TimeAmount) async {
    await self.loop.advanceTime(by: time)
  }

  func fire(_ event: some Sendable) async {
    self.channel.pipeline.fireUserInboundEventTriggered(event)
    await self.loop.run()
  }

  /// As the system would say it: how much the peer lets us write has changed.
  func setWritable(_ isWritable: Bool) async {
    self.channel.isWritable = isWritable
    self.channel.pipeline.fireChannelWritabilityChanged()
    await self.loop.run()
  }

  /// As a channel does by itself after each read.
  func askToRead() async {
    self.channel.pipeline.read()
    await self.loop.run()
  }

  func disconnect() async throws {
    try await self.channel.close()
    await self.loop.run()
  }

  var isClosed: Bool { !self.channel.isActive }

  // MARK: Metrics

  /// Calls that were counted, by method and code.
  var counted: [String: Int] {
    self.registry.samples(of: "iot_jobs_gateway_requests_total").filter { $0.value != 0 }
  }

  var inFlight: Int {
    self.registry.samples(of: "iot_jobs_gateway_requests_in_flight").values.reduce(0, +)
  }
}

/// Counts the reads that get through to the socket, and can hold what is written to it.
final class ReadGate: Sendable {
  private let count = Atomic(0)
  private let isShut = Atomic(false)

  var holdsFlushes: Bool { self.isShut.load(ordering: .relaxed) }

  func holdFlushes() { self.isShut.store(true, ordering: .relaxed) }

  func letFlush() { self.isShut.store(false, ordering: .relaxed) }

  var reads: Int { self.count.load(ordering: .relaxed) }

  func passed() { self.count.add(1, ordering: .relaxed) }
}

private final class ReadGateHandler: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  private let gate: ReadGate

  init(gate: ReadGate) {
    self.gate = gate
  }

  func read(context: ChannelHandlerContext) {
    self.gate.passed()
    context.read()
  }

  func flush(context: ChannelHandlerContext) {
    if !self.gate.holdsFlushes { context.flush() }
  }
}

extension MetricsRegistry {
  /// The samples of one metric by their labels, as Prometheus would read them.
  func samples(of name: String) -> [String: Int] {
    var samples: [String: Int] = [:]
    for line in String(decoding: self.exposition(), as: UTF8.self).split(separator: "\n") {
      guard line.hasPrefix(name + "{"), let close = line.lastIndex(of: "}"),
        let value = Int(line[close...].dropFirst(2))
      else { continue }
      samples[String(line[..<close].dropFirst(name.utf8.count + 1))] = value
    }
    return samples
  }
}
