// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine

/// The first byte says whether the preface and SETTINGS go before the input; the rest is what a
/// peer sends. It is played twice to an application that only listens, whole and in pieces, and
/// then to one that answers.
enum HTTP2Target {
  private static let greeting = Frame.preface + Frame.settings().bytes + Frame.settingsAck.bytes

  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let isGreeted = input.byte() & 1 == 0
    let sent = (isGreeted ? Self.greeting : []) + input.rest

    let whole = try PassiveApplication(sent.isEmpty ? [] : [sent[...]])
    let pieces = try PassiveApplication(sent[...].pieces(upTo: 17))
    try claim(
      whole.log == pieces.log,
      "how a connection's bytes are split does not matter: \(whole.log), \(pieces.log)")
    try claim(
      whole.written == pieces.written,
      "nor does it for what is written: \(whole.written), \(pieces.written)")

    var application = try ActiveApplication(chance: sent.chance)
    try application.play(sent[...].pieces(upTo: 64))
  }

  /// Limits that small inputs reach, where the way that bytes are split may not matter.
  static var limits: HTTP2Limits {
    var limits = HTTP2Limits()
    limits.maxConcurrentStreams = 4
    limits.maxHeaderFields = 16
    limits.maxHeaderListBytes = 1_024
    return limits
  }

  /// Frames without a rest, SETTINGS first.
  static func checkFrames(_ written: [UInt8]) throws(BrokenClaim) {
    let frames = Frame.read(written)
    let count = frames.reduce(0) { $0 + 9 + $1.payload.count }
    try claim(count == written.count, "what is written is whole frames")
    try claim(frames.first.map { $0.kind == .settings } ?? true, "SETTINGS are the first frame")
    try claim(frames.allSatisfy { $0.payload.count <= 16_384 }, "frames are of the usual size")
  }
}

/// Takes down all that happens and does nothing until the end.
private struct PassiveApplication {
  private(set) var log: [String] = []
  /// All that is written at the end.
  private(set) var written: [UInt8] = []

  init(_ pieces: [ArraySlice<UInt8>]) throws(BrokenClaim) {
    var limits = HTTP2Target.limits
    // These are looked at once for each piece.
    limits.maxPeerFaults = .max
    limits.maxQueuedFrames = .max
    guard let session = try? HTTP2Session(limits: limits) else { return }
    do throws(HTTP2SessionError) {
      for piece in pieces {
        defer { self.takeEvents(of: session) }
        try session.receive(piece.span)
      }
    } catch {
      self.log.append("failed: \(error)")
    }
    var bytes: [UInt8] = []
    _ = try? session.drainOutbound { span in
      for index in span.indices { bytes.append(span[index]) }
    }
    self.takeEvents(of: session)
    self.written = bytes
    try HTTP2Target.checkFrames(bytes)
  }

  private mutating func takeEvents(of session: HTTP2Session) {
    while let event = session.nextEvent() {
      guard case .data(let streamID, let bytes) = event else {
        self.log.append(Self.words(for: event))
        continue
      }
      // A byte at a time, so that pieces of a body compare.
      let data = session.withBytes(of: bytes) { span in span.indices.map { span[$0] } }
      self.log.append(contentsOf: data.map { "\(streamID): \($0)" })
    }
  }

  private static func words(for event: HTTP2Event) -> String {
    switch event {
    case .requestHeaders(let streamID, let fields, let endStream):
      "\(streamID) opened: \(Self.lines(of: fields)) \(endStream)"
    case .requestHeadersTooLarge(let streamID, let fields, let endStream):
      "\(streamID) opened too large: \(Self.lines(of: fields)) \(endStream)"
    default: "\(event)"
    }
  }

  private static func lines(of fields: HeaderFields) -> [[UInt8]] {
    (0..<fields.count).map { position in
      fields[position].name + [UInt8(ascii: ":")] + fields[position].value
    }
  }
}

/// Does to each event what a server might do, as chance has it, and keeps account of the streams.
private struct ActiveApplication {
  private enum Stream { case receiving, ended }

  private let session: HTTP2Session
  private var chance: SplitMix64
  private var open: [Int32: Stream] = [:]
  private var newest: Int32 = 0
  private var written: [UInt8] = []

  init(chance: SplitMix64) throws(BrokenClaim) {
    guard let session = try? HTTP2Session(limits: HTTP2Target.limits) else {
      throw BrokenClaim(words: "a session can be made")
    }
    self.session = session
    self.chance = chance
  }

  mutating func play(_ pieces: [ArraySlice<UInt8>]) throws(BrokenClaim) {
    for piece in pieces {
      let isAlive = (try? self.session.receive(piece.span)) != nil
      try self.takeEvents()
      try self.drain(atMost: Int.random(in: 1...500, using: &self.chance))
      guard isAlive else { break }
      if UInt8.random(in: 0..<64, using: &self.chance) == 0 { self.session.beginShutdown() }
      if UInt8.random(in: 0..<64, using: &self.chance) == 0 { self.session.finishShutdown() }
    }
    self.session.terminate(code: .noError)
    try self.drain(atMost: .max)
    try HTTP2Target.checkFrames(self.written)
    try claim(!self.session.wantsWrite, "after a whole drain nothing is left to write")
  }

  private mutating func drain(atMost limit: Int) throws(BrokenClaim) {
    var bytes: [UInt8] = []
    _ = try? self.session.drainOutbound(atMost: limit) { span in
      for index in span.indices { bytes.append(span[index]) }
    }
    self.written += bytes
    try self.takeEvents()
    try claim(self.session.openStreamCount == self.open.count, "streams close as they opened")
    try claim(self.open.count <= 4, "no more streams are open than allowed")
    try claim(self.session.unsentBytes >= 0, "bytes that wait are counted")
  }

  private mutating func takeEvents() throws(BrokenClaim) {
    while let event = self.session.nextEvent() { try self.react(to: event) }
  }

  private mutating func react(to event: HTTP2Event) throws(BrokenClaim) {
    switch event {
    case .requestHeaders(let id, _, let ends), .requestHeadersTooLarge(let id, _, let ends):
      try claim(id % 2 == 1 && id > self.newest, "streams of a client are odd and count up")
      self.newest = id
      self.open[id] = ends ? .ended : .receiving
      self.answer(id)
    case .data(let id, let bytes):
      try claim(self.open[id] == .receiving, "a body is of a stream that is open")
      let sum = self.session.withBytes(of: bytes) { span in
        span.indices.reduce(0) { $0 + Int(span[$1]) }
      }
      self.session.consume(sum % 3 == 0 ? bytes.count : sum, on: id)
    case .requestEnded(let id):
      try claim(self.open[id] == .receiving, "a request ends once")
      self.open[id] = .ended
      self.answer(id)
    case .responseDrained(let id):
      try claim(self.open[id] != nil, "a stream that wants more is open")
      self.goOn(id)
    case .streamClosed(let id, _):
      try claim(self.open.removeValue(forKey: id) != nil, "a stream closes once")
      try claim(
        self.session.submitResponse(.init(headers: .ok), on: id) == .streamClosed,
        "a closed stream takes no answer")
      try claim(self.session.push([1], on: id) == .notStreaming, "a closed stream takes no bytes")
    case .goAwayReceived, .shutdownNoticeAcknowledged:
      break
    }
  }

  /// Now or never, whole or in pieces.
  private mutating func answer(_ id: Int32) {
    switch UInt8.random(in: 0..<6, using: &self.chance) {
    case 0: break
    case 1: self.session.resetStream(id, code: .cancel)
    case 2: _ = self.session.beginResponse(.ok, on: id)
    case 3: _ = self.session.submitResponse(HTTP2Response(headers: .ok), on: id)
    default:
      let body = [UInt8](repeating: 7, count: Int.random(in: 0...40_000, using: &self.chance))
      _ = self.session.submitResponse(
        HTTP2Response(headers: .ok, body: body, trailers: .trailers), on: id)
    }
  }

  private mutating func goOn(_ id: Int32) {
    switch UInt8.random(in: 0..<4, using: &self.chance) {
    case 0: _ = self.session.endResponse(with: .trailers, on: id)
    case 1: _ = self.session.endResponse(with: .trailers, discardingUnsent: true, on: id)
    default: _ = self.session.push([1, 2, 3], on: id)
    }
  }
}

extension HeaderFields {
  fileprivate static var ok: HeaderFields {
    var fields = HeaderFields()
    fields.append(":status", "200")
    fields.append("content-type", "application/grpc")
    return fields
  }

  fileprivate static var trailers: HeaderFields {
    var fields = HeaderFields()
    fields.append("grpc-status", "0")
    return fields
  }
}
