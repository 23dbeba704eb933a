// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOEmbedded
import Telemetry
import Testing

@testable import GatewayServer

struct OpeningHandlerTests {
  private let registry = MetricsRegistry()
  private let next = NextHandler()
  private let channel = EmbeddedChannel()

  init() throws {
    let ledger = OpeningLedger(
      registry: self.registry, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let next = self.next
    try self.channel.pipeline.syncOperations.addHandler(
      OpeningHandler(
        isSecure: false, deadline: self.channel.embeddedEventLoop.now + .seconds(10),
        loop: self.channel.eventLoop, ledger: ledger
      ) { try $0.pipeline.syncOperations.addHandler(next) })
    try self.channel.connect(to: .init(unixDomainSocketPath: "/peer")).wait()
  }

  private func receive(_ text: String) throws {
    try self.channel.writeInbound(ByteBuffer(string: text))
  }

  private func refused(_ reason: String) -> Bool {
    String(decoding: self.registry.exposition(), as: UTF8.self)
      .contains("iot_jobs_gateway_openings_refused_total{reason=\"\(reason)\"} 1")
  }

  private let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

  @Test(arguments: [1, 3, 4, 24])
  func `makes way and loses no byte, however they come`(pieces: Int) throws {
    var rest = Substring(self.preface + "frames")
    while !rest.isEmpty {
      try self.receive(String(rest.prefix(pieces)))
      rest = rest.dropFirst(pieces)
    }
    #expect(self.next.text == self.preface + "frames")
    #expect(throws: ChannelPipelineError.notFound) {
      try self.channel.pipeline.syncOperations.handler(type: OpeningHandler.self)
    }
    self.channel.embeddedEventLoop.advanceTime(by: .hours(1))
    #expect(self.channel.isActive)
  }

  @Test func `tells others what is spoken here, and takes nothing more`() throws {
    try self.receive("GET / HTTP/1.1\r\n")
    let answer = try #require(try self.channel.readOutbound(as: ByteBuffer.self))
    #expect(String(buffer: answer).hasPrefix("HTTP/1.1 400 "))
    try? self.receive("host: x\r\n\r\n")
    #expect(try self.channel.readOutbound(as: ByteBuffer.self) == nil)
    #expect(self.next.text.isEmpty)
    #expect(self.refused("http1"))
    self.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!self.channel.isActive)
  }

  @Test(arguments: ["", "P", "PRI"])
  func `lets go of who says too little in time`(start: String) throws {
    if !start.isEmpty { try self.receive(start) }
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(9_999))
    #expect(self.channel.isActive)
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!self.channel.isActive)
    #expect(self.refused("silent"))
    #expect(try self.channel.readOutbound(as: ByteBuffer.self) == nil)
  }

  @Test func `a drain waits a second for who is about to begin`() throws {
    try self.receive("PRI")
    self.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(900))
    try self.receive(String(self.preface.dropFirst(3)))
    #expect(self.next.text == self.preface)
    #expect(self.next.isAskedToFinish)
    #expect(self.channel.isActive)
  }

  @Test func `a drain lets go of who does not begin`() {
    self.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    self.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!self.channel.isActive)
    #expect(!self.refused("silent"))
  }
}
