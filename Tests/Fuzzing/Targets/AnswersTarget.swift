// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Transport
@testable import Upstream

/// What an upstream sends as its answer, or what a proxy answers to CONNECT: the first byte says
/// which, and whether the peer closes at the end.
enum AnswersTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let choice = input.byte()
    if choice & 1 == 0 {
      let closes = choice & 2 != 0
      let whole = try Outcome(input.rest.isEmpty ? [] : [input.rest], closes: closes)
      let pieces = try Outcome(input.rest.pieces(upTo: 9), closes: closes)
      try claim(
        whole == pieces, "how an answer is split does not matter: \(whole), \(pieces)")
    } else {
      let whole = Self.tunnel([input.rest])
      let pieces = Self.tunnel(input.rest.pieces(upTo: 9))
      try claim(whole == pieces, "how a proxy's answer is split does not matter")
    }
  }

  /// What a proxy's answer comes to, with the position behind its head.
  private static func tunnel(_ pieces: [ArraySlice<UInt8>]) -> TunnelState.OnBytes {
    var state = TunnelState(maxHeadBytes: 256)
    var before = 0
    for piece in pieces {
      switch state.received(piece.span) {
      case .wait: before += piece.count
      case .open(let headBytes): return .open(headBytes: before + headBytes)
      case let end: return end
      }
    }
    return state.closed()
  }
}

/// What becomes of one exchange on a connection that was just made.
private struct Outcome: Equatable {
  private static let limit = 256
  private var outcome: HTTPExchange.Outcome?

  init(_ pieces: [ArraySlice<UInt8>], closes: Bool) throws(BrokenClaim) {
    let ends = Ends()
    let channel = EmbeddedChannel()
    let handler = HTTPExchangeHandler(maxBodyBytes: Self.limit)
    do {
      try handler.install(in: channel.pipeline.syncOperations)
      channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 80), promise: nil)
    } catch {
      throw BrokenClaim(words: "a connection can be made: \(error)")
    }
    let exchange = HTTPExchange(
      request: ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"), deadline: .distantFuture)
    exchange.onEnd = { ends.outcomes.append($0) }
    handler.begin(exchange, reused: false)
    for piece in pieces {
      // An error is the handler's to see; the channel rethrows those that nobody took.
      _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
    }
    if closes { channel.pipeline.fireChannelInactive() }
    self.outcome = ends.outcomes.first
    _ = try? channel.finish(acceptAlreadyClosed: true)
    try claim(ends.outcomes.count == 1, "an exchange ends once")
    guard case .success(let response)? = ends.outcomes.first else { return }
    try claim(response.body.count <= Self.limit, "a body keeps to its limit")
    try claim(200..<1_000 ~= response.head.status, "no answer is an interim one")
  }
}

private final class Ends {
  var outcomes: [HTTPExchange.Outcome] = []
}
