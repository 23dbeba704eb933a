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
    var body: [UInt8]

    init(_ status: HTTPResponseStatus, _ text: String) {
      self.status = status
      self.body = Array((text + "\n").utf8)
    }

    init(metrics: [UInt8]) {
      self.status = .ok
      self.contentType = ExpositionFormat.prometheus.contentType
      self.body = metrics
    }
  }

  private let registry: MetricsRegistry
  private let readiness: Readiness
  private let answered: () -> Void
  private var head: HTTPRequestHead?

  /// - Parameter answered: told of each answer that the socket has taken.
  init(registry: MetricsRegistry, readiness: Readiness, answered: @escaping () -> Void = {}) {
    self.registry = registry
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
      self.write(self.answer(to: head), to: head, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func answer(to head: HTTPRequestHead) -> Answer {
    guard head.method == .GET || head.method == .HEAD else {
      return Answer(.methodNotAllowed, "only GET and HEAD are served here")
    }
    switch head.uri.prefix(while: { $0 != "?" }) {
    case "/metrics": return Answer(metrics: self.registry.exposition())
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

  private func write(_ answer: Answer, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: answer.contentType)
    headers.add(name: "content-length", value: "\(answer.body.count)")
    if answer.status == .methodNotAllowed { headers.add(name: "allow", value: "GET, HEAD") }
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
      if head.isKeepAlive { self.answered() } else { channel.close(promise: nil) }
    }
    context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: written)
  }
}
