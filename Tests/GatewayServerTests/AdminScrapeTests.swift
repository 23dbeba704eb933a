// SPDX-License-Identifier: Apache-2.0

import CompressionEngine
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Telemetry
import Testing

@testable import GatewayServer

/// `/metrics`: its forms, and who writes it.
struct AdminScrapeTests {
  private let registry = MetricsRegistry()

  private struct Page {
    var head: HTTPResponseHead
    var body: [UInt8] = []
    var text: String { String(decoding: self.body, as: UTF8.self) }
  }

  private func channel(_ scrapes: ScrapeDesk) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(
      handler: AdminHandler(scrapes: scrapes, readiness: Readiness()))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 9_464)).wait()
    return channel
  }

  private func send(_ headers: HTTPHeaders = [:], on channel: EmbeddedChannel) throws {
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/metrics", headers: headers)
    try channel.writeInbound(HTTPServerRequestPart.head(head))
    try channel.writeInbound(HTTPServerRequestPart.end(nil))
  }

  private func answer(on channel: EmbeddedChannel) throws -> Page {
    var page: Page?
    while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
      switch part {
      case .head(let head): page = Page(head: head)
      case .body(.byteBuffer(let buffer)): page?.body += Array(buffer: buffer)
      case .body, .end: break
      }
    }
    return try #require(page)
  }

  @Test func `Prometheus gets OpenMetrics, compressed if it likes`() throws {
    self.registry.family(Counter.self, "things_total", help: "Things.").child().increment()
    let channel = try self.channel(ScrapeDesk(self.registry, threads: nil))
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    try self.send(["accept": accept, "accept-encoding": "gzip"], on: channel)
    let page = try self.answer(on: channel)
    #expect(
      page.head.headers["content-type"]
        == ["application/openmetrics-text; version=1.0.0; charset=utf-8"])
    #expect(page.head.headers["content-encoding"] == ["gzip"])
    #expect(page.head.headers["content-length"] == ["\(page.body.count)"])
    #expect(page.head.headers["vary"] == ["accept, accept-encoding"])
    let text = String(
      decoding: try Gzip.inflate(page.body.span, limitBytes: 1 << 20), as: UTF8.self)
    #expect(text.hasPrefix("# HELP things Things.\n# TYPE things counter\nthings_total 1\n"))
    #expect(text.hasSuffix("# EOF\n"))
  }

  @Test func `each scrape shows how long those before it took`() throws {
    let channel = try self.channel(ScrapeDesk(self.registry, threads: nil))
    for expected in 0..<3 {
      try self.send(on: channel)
      let name = "iot_jobs_gateway_scrape_duration_seconds_count"
      #expect(try self.answer(on: channel).text.contains("\n\(name) \(expected)\n"))
    }
  }

  @Test func `no more are written at a time than there are places`() throws {
    let scrapes = ScrapeDesk(self.registry, threads: nil, limit: 2)
    #expect(scrapes.begin())
    #expect(scrapes.begin())
    let channel = try self.channel(scrapes)
    try self.send(on: channel)
    let refused = try self.answer(on: channel)
    #expect(refused.head.status == .serviceUnavailable)
    #expect(refused.head.headers["retry-after"] == ["1"])
    // One that was refused took no place, and one that was answered gives its own back.
    scrapes.end()
    for _ in 0..<3 {
      try self.send(on: channel)
      #expect(try self.answer(on: channel).head.status == .ok)
    }
  }

  @Test func `a place is given back by who hangs up`() throws {
    let scrapes = ScrapeDesk(self.registry, threads: nil, limit: 1)
    let channel = try self.channel(scrapes)
    try self.send(["connection": "close"], on: channel)
    #expect(!channel.isActive)
    #expect(scrapes.begin())
  }

  @Test func `threads write it, and the loop answers`() async throws {
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    let scrapes = ScrapeDesk(self.registry, threads: threads)
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    self.registry.register(ThreadWitness(loop: loop))
    let bytes = try await scrapes.write(ScrapeForm(), for: loop).get()
    #expect(String(decoding: bytes, as: UTF8.self).contains("\nin_loop 0\n"))

    try await threads.shutdownGracefully()
    await #expect(throws: (any Error).self) {
      _ = try await scrapes.write(ScrapeForm(), for: loop).get()
    }
  }
}

/// Shows whether it is asked in an event loop.
private struct ThreadWitness: MetricSource {
  let loop: any EventLoop

  func collect(into families: inout [FamilySnapshot]) {
    families.append(
      FamilySnapshot(
        "in_loop", .gauge, help: "Here.", MetricNumber(self.loop.inEventLoop ? 1 : 0)))
  }
}
