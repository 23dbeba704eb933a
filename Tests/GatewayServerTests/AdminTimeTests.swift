// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Telemetry
import Testing

@testable import GatewayServer

/// How long a peer may hold one of the admin listener's places, in the pipeline that production has.
struct AdminTimeTests {
  private let channel = EmbeddedChannel()
  private let request = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n"

  init() throws {
    try AdminServer.serve(self.channel, ScrapeDesk(MetricsRegistry(), threads: nil), Readiness())
    try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 9_464)).wait()
  }

  private func send(_ text: some StringProtocol) throws {
    try self.channel.writeInbound(ByteBuffer(string: String(text)))
  }

  private func pass(_ time: TimeAmount) {
    self.channel.embeddedEventLoop.advanceTime(by: time)
  }

  @Test(arguments: [0, 1, 20, 28])
  func `who does not finish a first request is let go`(sent: Int) throws {
    try self.send(self.request.prefix(sent))
    self.pass(.milliseconds(9_999))
    #expect(self.channel.isActive)
    self.pass(.milliseconds(1))
    #expect(!self.channel.isActive)
  }

  @Test func `a byte now and then buys no time`() throws {
    var seconds = 0
    for byte in self.request where self.channel.isActive {
      try self.send(String(byte))
      self.pass(.seconds(1))
      seconds += 1
    }
    #expect(seconds == 10)
  }

  @Test func `a body that does not end is let go`() throws {
    try self.send("POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n")
    for _ in 0..<9 {
      self.pass(.seconds(1))
      try self.send("x")
    }
    #expect(self.channel.isActive)
    self.pass(.seconds(1))
    #expect(!self.channel.isActive)
  }

  @Test func `a scraper comes back every minute, and its next request has a time of its own`()
    throws
  {
    for _ in 0..<5 {
      try self.send(self.request)
      self.pass(.minutes(1))
      #expect(self.channel.isActive)
    }
    try self.send("G")
    self.pass(.milliseconds(9_999))
    #expect(self.channel.isActive)
    self.pass(.milliseconds(1))
    #expect(!self.channel.isActive)
  }

  @Test func `who says nothing after an answer is let go in the end`() throws {
    try self.send(self.request)
    self.pass(.seconds(119))
    #expect(self.channel.isActive)
    self.pass(.seconds(1))
    #expect(!self.channel.isActive)
  }

  @Test func `who asks on without reading answers is let go`() throws {
    self.channel.isWritable = false
    try self.send(self.request)
    #expect(!self.channel.isActive)
    #expect(try self.channel.readOutbound(as: ByteBuffer.self) == nil)
  }
}
