// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import GatewayTestKit
import Testing

@Suite struct TLSMutationTests {
  private let fixture: TLSFixture

  init() throws {
    self.fixture = try TLSFixture()
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `changed bytes never trap and never arrive as if unchanged`(version: TLSVersion) throws {
    var fixture = self.fixture
    fixture.client.versions = version...version
    let (endpoint, server) = (try fixture.endpoint(), try fixture.server())
    var random = SplitMix64(seed: 20_240_607)
    var ends: [String: Int] = [:]
    for _ in 0..<400 {
      let pair = EnginePair(
        client: try endpoint.makeConnection(), server: try server.makeConnection())
      ends[try self.play(pair, using: &random), default: 0] += 1
    }
    // The mutations must have reached every stage, or they test nothing.
    #expect(ends["handshake", default: 0] > 40, "\(ends)")
    #expect(ends["data", default: 0] > 20, "\(ends)")
    #expect(ends["whole", default: 0] > 20, "\(ends)")
  }

  /// Carries bytes both ways and changes some, first of the handshake, then of data.
  private func play(_ pair: EnginePair, using random: inout SplitMix64) throws -> String {
    let rate = Double.random(in: 0...0.4, using: &random)
    self.exchange(pair, changing: rate, using: &random)
    guard pair.client.failure == nil, pair.server.failure == nil,
      pair.client.connection.handshake != nil, pair.server.connection.handshake != nil
    else { return "handshake" }
    let words = "what the server has to say, word for word"
    try pair.server.send(words)
    try pair.client.send(words)
    self.exchange(pair, changing: rate, using: &random)
    // Cut short perhaps, never altered.
    #expect(words.hasPrefix(pair.client.text))
    #expect(words.hasPrefix(pair.server.text))
    pair.server.connection.close()
    self.exchange(pair, changing: rate, using: &random)
    _ = pair.client.connection.receivedEndOfInput()
    return pair.client.text == words && pair.server.text == words ? "whole" : "data"
  }

  private func exchange(
    _ pair: EnginePair, changing rate: Double, using random: inout SplitMix64
  ) {
    for _ in 0..<20 {
      let fromClient = self.changed(pair.client.take(), rate, using: &random)
      let fromServer = self.changed(pair.server.take(), rate, using: &random)
      if fromClient.isEmpty && fromServer.isEmpty { return }
      self.deliver(fromClient, to: pair.server, using: &random)
      self.deliver(fromServer, to: pair.client, using: &random)
    }
  }

  private func deliver(_ bytes: [UInt8], to engine: Engine, using random: inout SplitMix64) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...2_000, using: &random))
      engine.receive(piece)
      rest = rest.dropFirst(piece.count)
    }
  }

  private func changed(
    _ bytes: [UInt8], _ rate: Double, using random: inout SplitMix64
  ) -> [UInt8] {
    guard !bytes.isEmpty, Double.random(in: 0..<1, using: &random) < rate else { return bytes }
    var bytes = bytes
    let position = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes.remove(at: position)
    case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
    default: bytes.removeSubrange(position...)
    }
    return bytes
  }

  @Test func `random bytes never trap`() throws {
    var random = SplitMix64(seed: 4)
    let (endpoint, server) = (try self.fixture.endpoint(), try self.fixture.server())
    for round in 0..<600 {
      let engine = Engine(
        round % 2 == 0 ? try endpoint.makeConnection() : try server.makeConnection())
      // Half of them begin like a record, so that they get past the first look.
      var bytes: [UInt8] = Bool.random(using: &random) ? [22, 3, 3, 0, 80] : []
      bytes += (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
      if bytes.count > 200, Bool.random(using: &random) {
        // A type of message, and a length that fits.
        bytes.replaceSubrange(5..<9, with: [UInt8.random(in: 0...24, using: &random), 0, 0, 76])
      }
      engine.receive(bytes)
      #expect(engine.failure != nil || engine.connection.handshake == nil)
      #expect(engine.plaintext == [])
    }
  }
}
