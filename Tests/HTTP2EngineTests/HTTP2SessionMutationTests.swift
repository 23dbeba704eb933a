// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

@Suite struct HTTP2SessionMutationTests {
  /// Everything a client sends, once.
  private let script: [UInt8] =
    [
      Frame.settings([(1, 4_096), (4, 1_000), (5, 16_384)]), .settingsAck,
      .headers(requestFields, on: 1), .data([0, 0, 0, 0, 3, 1, 2, 3], on: 1, endStream: true),
      .windowUpdate(1_000, on: 0), .windowUpdate(500, on: 1), .ping([1, 2, 3, 4, 5, 6, 7, 8]),
      .headers(requestFields, on: 3), .data([1], on: 3), .reset(3, code: 8),
      .headers(requestFields + [("grpc-timeout", "1S")], on: 5), .data([9, 9], on: 5),
      .headers([("late", "trailer")], on: 5, endStream: true),
      Frame(type: 2, streamID: 7, payload: [0, 0, 0, 1, 16]),
      Frame(type: 0x42, flags: 0xFF, streamID: 9, payload: [1, 2, 3]),
    ].flatMap(\.bytes)

  @Test func `mutated scripts never trap and never leave more open than allowed`() throws {
    var random = SplitMix64(seed: 20_240_607)
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = 8
    var ends: [String: Int] = [:]
    for _ in 0..<4_000 {
      let bytes = Frame.preface + self.mutated(using: &random)
      ends[try self.play(bytes, limits: limits, using: &random), default: 0] += 1
    }
    // The mutations must have reached both ends, or they test nothing.
    #expect(ends["alive", default: 0] > 100)
    #expect(ends["ended", default: 0] > 100)
  }

  /// Feeds the bytes in pieces and does to each event what an application might do.
  private func play(
    _ bytes: [UInt8], limits: HTTP2Limits, using random: inout SplitMix64
  ) throws -> String {
    let session = try HTTP2Session(limits: limits)
    var rest = bytes[...]
    while !rest.isEmpty, session.wantsRead {
      let piece = rest.prefix(Int.random(in: 1...64, using: &random))
      rest = rest.dropFirst(piece.count)
      do throws(HTTP2SessionError) {
        try session.receive(piece.span)
      } catch {
        return "threw"
      }
      while let event = session.nextEvent() { self.react(to: event, session, using: &random) }
      _ = try session.drainOutbound(atMost: Int.random(in: 1...500, using: &random)) { _ in }
      #expect(session.openStreamCount <= 8)
    }
    return session.wantsRead ? "alive" : "ended"
  }

  private func react(
    to event: HTTP2Event, _ session: HTTP2Session, using random: inout SplitMix64
  ) {
    switch event {
    case .requestHeaders(let streamID, _, _), .requestHeadersTooLarge(let streamID, _, _):
      switch Int.random(in: 0..<3, using: &random) {
      case 0: _ = session.submitResponse(.grpcOK, on: streamID)
      case 1:
        _ = session.beginResponse(HTTP2Response.grpcOK.headers, on: streamID)
        _ = session.push([1, 2, 3], on: streamID)
      default: break
      }
    case .responseDrained(let streamID):
      let discards = Bool.random(using: &random)
      _ = session.push(Array(repeating: 7, count: 20_000), on: streamID)
      _ = session.endResponse(
        with: HTTP2Response.grpcOK.trailers, discardingUnsent: discards, on: streamID)
    case .data(let streamID, let bytes):
      let sum = session.withBytes(of: bytes) { span in span.indices.reduce(0) { $0 + Int(span[$1]) }
      }
      if sum % 2 == 0 { session.consume(bytes.count, on: streamID) }
    case .requestEnded(let streamID):
      if Bool.random(using: &random) { session.resetStream(streamID, code: .cancel) }
      _ = session.submitResponse(.grpcOK, on: streamID)
    case .streamClosed(let streamID, _):
      #expect(session.submitResponse(.grpcOK, on: streamID) == .streamClosed)
    case .goAwayReceived, .shutdownNoticeAcknowledged:
      session.beginShutdown()
    }
  }

  private func mutated(using random: inout SplitMix64) -> [UInt8] {
    var bytes = self.script
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      let position = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.remove(at: position)
      default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
      }
    }
    return bytes
  }
}
