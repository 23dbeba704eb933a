// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

/// What the session told the application, in a form that compares.
enum Seen: Equatable {
  case headers(Int32, [String], endStream: Bool)
  case tooLarge(Int32, [String])
  case data(Int32, [UInt8])
  case ended(Int32)
  case drained(Int32)
  case closed(Int32, HTTP2ErrorCode)
  case goAway(HTTP2ErrorCode)
  case noticeAcknowledged
}

/// A client that writes frames by hand, and an application that consumes nothing by itself.
final class ScriptedPeer {
  let session: HTTP2Session
  private let inflater: HeaderInflater
  private(set) var seen: [Seen] = []
  private(set) var written: [UInt8] = []

  /// Opens the connection: preface and SETTINGS both ways, acknowledged.
  init(
    limits: HTTP2Limits = HTTP2Limits(), settings: [(id: UInt16, value: UInt32)] = [],
    handshake: Bool = true
  ) throws {
    self.session = try HTTP2Session(limits: limits)
    self.inflater = try #require(HeaderInflater())
    guard handshake else { return }
    try self.send(Frame.preface + Frame.settings(settings).bytes + Frame.settingsAck.bytes)
    _ = try self.takeFrames()
  }

  func send(_ frames: Frame...) throws {
    try self.send(frames.flatMap(\.bytes))
  }

  /// Feeds the session as a handler does: receive, then every event.
  func send(_ bytes: [UInt8]) throws {
    defer { self.noteEvents() }
    try self.session.receive(bytes.span)
  }

  /// What happened since the last time.
  func takeSeen() -> [Seen] {
    defer { self.seen = [] }
    return self.seen
  }

  /// Drains the session and reads the frames it wrote.
  func takeFrames() throws -> [Frame] {
    try Frame.read(self.takeBytes())
  }

  func takeBytes(atMost limit: Int = .max) throws -> [UInt8] {
    _ = try self.drain(atMost: limit)
    defer { self.written = [] }
    return self.written
  }

  func drain(atMost limit: Int) throws -> OnDrain {
    var chunk: [UInt8] = []
    defer {
      self.written += chunk
      self.noteEvents()
    }
    return try self.session.drainOutbound(atMost: limit) { bytes in
      for index in bytes.indices { chunk.append(bytes[index]) }
    }
  }

  func fields(of frame: Frame) -> [String]? {
    self.inflater.inflate(frame.payload)
  }

  private func noteEvents() {
    while let event = self.session.nextEvent() { self.seen.append(self.note(event)) }
  }

  private func note(_ event: HTTP2Event) -> Seen {
    switch event {
    case .requestHeaders(let id, let fields, let endStream):
      .headers(id, fields.lines, endStream: endStream)
    case .requestHeadersTooLarge(let id, let fields, _): .tooLarge(id, fields.lines)
    case .data(let id, let bytes):
      .data(id, self.session.withBytes(of: bytes) { span in span.indices.map { span[$0] } })
    case .requestEnded(let id): .ended(id)
    case .responseDrained(let id): .drained(id)
    case .streamClosed(let id, let code): .closed(id, code)
    case .goAwayReceived(let code): .goAway(code)
    case .shutdownNoticeAcknowledged: .noticeAcknowledged
    }
  }
}

extension HeaderFields {
  var lines: [String] {
    (0..<self.count).map { position in
      let field = self[position]
      return String(decoding: field.name, as: UTF8.self) + ": "
        + String(decoding: field.value, as: UTF8.self)
    }
  }
}

extension HTTP2Response {
  /// `:status` 200 and what else is given.
  static func ok(_ body: [UInt8] = [], trailers: HeaderFields = HeaderFields()) -> HTTP2Response {
    var headers = HeaderFields()
    headers.append(":status", "200")
    headers.append("content-type", "application/grpc")
    return HTTP2Response(headers: headers, body: body, trailers: trailers)
  }

  static var grpcOK: HTTP2Response {
    var trailers = HeaderFields()
    trailers.append("grpc-status", "0")
    return .ok([0, 0, 0, 0, 2, 8, 1], trailers: trailers)
  }
}

/// A usual gRPC request's header fields.
let requestFields = [
  (":method", "POST"), (":scheme", "http"), (":path", "/pkg.Service/Method"),
  (":authority", "localhost"), ("te", "trailers"), ("content-type", "application/grpc"),
]
let requestLines = requestFields.map { "\($0.0): \($0.1)" }
