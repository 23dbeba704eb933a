// SPDX-License-Identifier: Apache-2.0

import GRPCWire

/// The first byte chooses the limit and the encoding, the rest is a request's body.
enum FramingTarget {
  private static let limits = [0, 1, 16, 256, 4_096]

  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let choice = input.byte()
    let limit = Self.limits[Int(choice >> 1) % Self.limits.count]
    let encoding: MessageEncoding = choice & 1 == 0 ? .identity : .gzip
    let body = input.rest

    let whole = Deframed(body.isEmpty ? [] : [body], limit: limit, encoding: encoding)
    let pieces = Deframed(body.pieces(upTo: 9), limit: limit, encoding: encoding)
    try claim(whole == pieces, "how a body is split does not matter")
    try claim(whole.messages.allSatisfy { $0.count <= limit }, "the limit holds for each message")
    try Self.readBack(whole.messages, limit: limit)

    let unary = UnaryOutcome([body], limit: limit, encoding: encoding)
    let split = UnaryOutcome(body.pieces(upTo: 9), limit: limit, encoding: encoding)
    try claim(unary == split, "how a unary call's body is split does not matter")
    try claim(
      unary.message == nil || [unary.message] == whole.messages && whole.error == nil,
      "a unary call has the one message that is there, whole")
    try claim(
      unary.message != nil || whole.error != nil || whole.messages.count != 1,
      "a unary call with one whole message is made")
    try claim(unary.aftermath == .ignore, "an end after the end changes nothing")
  }

  /// Frames the messages again, also compressed, and takes them out again.
  private static func readBack(_ messages: [[UInt8]], limit: Int) throws(BrokenClaim) {
    var framed: [UInt8] = []
    for message in messages {
      var frame: [UInt8] = []
      MessageFraming.appendMessage(to: &frame) { $0.append(contentsOf: message) }
      let compressed = MessageFraming.compressed(frame)
      try claim((compressed?.count ?? 0) <= frame.count, "compressing makes a frame smaller")
      framed.append(contentsOf: compressed ?? frame)
    }
    let again = Deframed([framed[...]], limit: limit, encoding: .gzip)
    try claim(again.messages == messages, "what is framed is what is deframed")
    try claim(again.error == nil, "what is framed deframes")
  }
}

/// All that a deframer makes of a body.
private struct Deframed: Equatable {
  var messages: [[UInt8]] = []
  var error: DeframingError?

  init(_ pieces: [ArraySlice<UInt8>], limit: Int, encoding: MessageEncoding) {
    var deframer = MessageDeframer(limitBytes: limit, encoding: encoding)
    do throws(DeframingError) {
      for piece in pieces {
        var position = 0
        while let message = try deframer.nextMessage(in: piece.span, from: &position) {
          self.messages.append(message)
        }
      }
      try deframer.finish()
    } catch {
      self.error = error
    }
  }
}

/// What becomes of a unary call.
private struct UnaryOutcome: Equatable {
  var message: [UInt8]?
  var refusal: GRPCStatus?
  var aftermath: UnaryCallState.OnEnd

  init(_ pieces: [ArraySlice<UInt8>], limit: Int, encoding: MessageEncoding) {
    var call = UnaryCallState(limitBytes: limit, encoding: encoding)
    for piece in pieces {
      if case .refuse(let status) = call.receivedBytes(piece.span) { self.refusal = status }
    }
    switch call.receivedEnd() {
    case .dispatch(let message): self.message = message
    case .refuse(let status): self.refusal = status
    case .ignore: break
    }
    self.aftermath = call.receivedEnd()
  }
}
