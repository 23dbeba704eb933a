// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Telemetry
import Testing

@testable import GatewayServer

struct AdminHandlerTests {
  private struct Page: Equatable {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    /// Nil if no body was written at all.
    var text: String?
  }

  private let registry = MetricsRegistry()
  private let readiness = Readiness()

  private func channel() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(
      handler: AdminHandler(
        scrapes: ScrapeDesk(self.registry, threads: nil), readiness: self.readiness))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 9_464)).wait()
    return channel
  }

  private func ask(
    _ uri: String, _ method: HTTPMethod = .GET, headers: HTTPHeaders = [:],
    on channel: EmbeddedChannel
  ) throws -> Page {
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
    try channel.writeInbound(HTTPServerRequestPart.head(head))
    try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "ignored")))
    try channel.writeInbound(HTTPServerRequestPart.end(nil))
    var page: Page?
    while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) {
      switch part {
      case .head(let head): page = Page(status: head.status, headers: head.headers)
      case .body(.byteBuffer(let buffer)): page?.text = String(buffer: buffer)
      case .body, .end: break
      }
    }
    return try #require(page)
  }

  private func ask(_ uri: String, _ method: HTTPMethod = .GET) throws -> Page {
    try self.ask(uri, method, on: try self.channel())
  }

  @Test(arguments: ["/livez", "/livez?verbose", "/livez?"])
  func `a process that answers is live, ready or not`(uri: String) throws {
    let page = try self.ask(uri)
    #expect(page.status == .ok)
    #expect(page.text == "live\n")
    #expect(page.headers["content-type"] == ["text/plain; charset=utf-8"])
    #expect(page.headers["content-length"] == ["5"])
  }

  @Test func `metrics are what the registry shows`() throws {
    self.registry.family(Counter.self, "things_total", help: "Things.", labels: ["kind"])
      .child("good").increment()
    let page = try self.ask("/metrics")
    #expect(page.status == .ok)
    #expect(page.headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"])
    #expect(page.text?.contains(#"things_total{kind="good"} 1"#) == true)
    #expect(page.headers["content-length"] == ["\(page.text?.utf8.count ?? -1)"])
  }

  @Test func `readiness names what is missing, until nothing is`() throws {
    let channel = try self.channel()
    let page = try self.ask("/readyz", on: channel)
    #expect(page.status == .serviceUnavailable)
    #expect(
      page.text == "not ready: credentials are neither loaded nor reported missing; "
        + "listeners are not bound; the upstream endpoint is not known\n")
    self.readiness.met(.listenersBound)
    self.readiness.met(.endpointKnown)
    #expect(
      try self.ask("/readyz", on: channel).text
        == "not ready: credentials are neither loaded nor reported missing\n")
    self.readiness.met(.credentialsResolved)
    let ready = try self.ask("/readyz", on: channel)
    #expect(ready.status == .ok)
    #expect(ready.text == "ready\n")
    self.readiness.drainBegan()
    let draining = try self.ask("/readyz", on: channel)
    #expect(draining.status == .serviceUnavailable)
    #expect(draining.text == "not ready: draining\n")
    #expect(try self.ask("/livez", on: channel).status == .ok)
  }

  @Test(arguments: ["/livez", "/metrics", "/readyz", "/nothing"])
  func `HEAD is GET without its body`(uri: String) throws {
    let channel = try self.channel()
    let get = try self.ask(uri, .GET, on: channel)
    let head = try self.ask(uri, .HEAD, on: channel)
    #expect(head.status == get.status)
    // The process may have grown between one scrape and the next, and the text of it with it.
    let lengthMayDiffer = uri == "/metrics"
    for (name, value) in get.headers where !(lengthMayDiffer && name == "content-length") {
      #expect(head.headers[name] == [value])
    }
    #expect(head.headers.contains(name: "content-length"))
    #expect(head.text == nil)
    #expect(get.text != nil)
  }

  @Test(arguments: [HTTPMethod.POST, .PUT, .DELETE, .OPTIONS, .RAW(value: "BREW")])
  func `nothing can be changed here`(method: HTTPMethod) throws {
    let page = try self.ask("/metrics", method)
    #expect(page.status == .methodNotAllowed)
    #expect(page.headers["allow"] == ["GET, HEAD"])
  }

  @Test(arguments: ["/", "/metrics/", "/livezz", "//livez", "/config", "", "*"])
  func `nothing else is served`(uri: String) throws {
    let page = try self.ask(uri)
    #expect(page.status == .notFound)
    #expect(page.text == "served here: /metrics, /livez, /readyz\n")
  }

  @Test func `a connection is kept unless the client wants it closed`() throws {
    let channel = try self.channel()
    #expect(try self.ask("/livez", on: channel).headers["connection"] == [])
    #expect(channel.isActive)
    let page = try self.ask("/livez", headers: ["connection": "close"], on: channel)
    #expect(page.headers["connection"] == ["close"])
    #expect(!channel.isActive)
  }

  @Test func `a connection closes when it speaks no HTTP`() throws {
    let channel = try self.channel()
    channel.pipeline.fireErrorCaught(HTTPParserError.invalidConstant)
    #expect(!channel.isActive)
  }
}
