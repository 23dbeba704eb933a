// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Telemetry

/// Answers Prometheus and the kubelet: `/metrics`, `/livez`, `/readyz`, and nothing else.
///
/// It shows no secret and changes nothing, so it may be reached from other machines.
final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private struct Answer {
    var status: HTTPResponseStatus
    var contentType = "text/plain; charset=utf-8"
    /// Those besides the type and the length.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8]

    init(_ status: HTTPResponseStatus, _ text: String) {
      self.status = status
      self.body = Array((text + "\n").utf8)
    }

    init(_ scrape: [UInt8], _ form: ScrapeForm) {
      self.status = .ok
      self.contentType = form.format.contentType
      // Whoever keeps answers must not give one client's form to another.
      self.fields.append(("vary", "accept, accept-encoding"))
      if form.isCompressed { self.fields.append(("content-encoding", "gzip")) }
      self.body = scrape
    }
  }

  private let scrapes: ScrapeDesk
  private let readiness: Readiness
  private let answered: () -> Void
  private var head: HTTPRequestHead?

  /// - Parameter answered: told of each answer that the socket has taken.
  init(scrapes: ScrapeDesk, readiness: Readiness, answered: @escaping () -> Void = {}) {
    self.scrapes = scrapes
    self.readiness = readiness
    self.answered = answered
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch self.unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break  // None of the pages takes one.
    case .end:
      guard let head = self.head else { return }
      self.head = nil
      // Who asks on and on without reading would have answers pile up here.
      guard context.channel.isWritable else { return context.close(promise: nil) }
      if self.isScrape(head) {
        self.scrape(head, context)
      } else {
        self.write(self.answer(to: head), to: head, context)
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func answer(to head: HTTPRequestHead) -> Answer {
    guard self.isServed(head.method) else {
      var answer = Answer(.methodNotAllowed, "only GET and HEAD are served here")
      answer.fields.append(("allow", "GET, HEAD"))
      return answer
    }
    switch self.path(of: head) {
    case "/livez": return Answer(.ok, "live")
    case "/readyz":
      let reasons = self.readiness.reasons
      if reasons.isEmpty {
        return Answer(.ok, (["ready"] + self.readiness.facts).joined(separator: "\n"))
      }
      return Answer(.serviceUnavailable, "not ready: " + reasons.joined(separator: "; "))
    default: return Answer(.notFound, "served here: /metrics, /livez, /readyz")
    }
  }

  private func isServed(_ method: HTTPMethod) -> Bool { method == .GET || method == .HEAD }

  /// Questions behind it change nothing here.
  private func path(of head: HTTPRequestHead) -> Substring {
    head.uri.prefix { $0 != "?" }
  }

  private func isScrape(_ head: HTTPRequestHead) -> Bool {
    self.isServed(head.method) && self.path(of: head) == "/metrics"
  }

  /// Has a scrape written elsewhere; the next request waits for it, as those of a pipeline do.
  private func scrape(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard self.scrapes.begin() else {
      var answer = Answer(.serviceUnavailable, "too many scrapes at a time")
      answer.fields.append(("retry-after", "1"))
      return self.write(answer, to: head, context)
    }
    let form = ScrapeForm(head.headers)
    let scrapes = self.scrapes
    scrapes.write(form, for: context.eventLoop).assumeIsolated().whenComplete { result in
      let answer =
        switch result {
        case .success(let scrape): Answer(scrape, form)
        case .failure: Answer(.serviceUnavailable, "the process is about to end")
        }
      self.write(answer, to: head, context) { scrapes.end() }
    }
  }

  /// - Parameter done: called when the socket has taken the answer, or never will.
  private func write(
    _ answer: Answer, to head: HTTPRequestHead, _ context: ChannelHandlerContext,
    done: @escaping () -> Void = {}
  ) {
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: answer.contentType)
    headers.add(name: "content-length", value: "\(answer.body.count)")
    for field in answer.fields { headers.add(name: field.name, value: field.value) }
    if !head.isKeepAlive { headers.add(name: "connection", value: "close") }
    let responseHead = HTTPResponseHead(
      version: head.version, status: answer.status, headers: headers)
    context.write(self.wrapOutboundOut(.head(responseHead)), promise: nil)
    if head.method != .HEAD {
      let body = ByteBuffer(bytes: answer.body)
      context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    written.futureResult.assumeIsolated().whenComplete { _ in
      done()
      if head.isKeepAlive { self.answered() } else { channel.close(promise: nil) }
    }
    context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: written)
  }
}
