// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import HTTP2Engine
import Testing

/// What a client's session told the application, in a form that compares.
enum ClientSaw: Equatable {
  case headers(Int32, [String])
  case data(Int32, [UInt8])
  case trailers(Int32, [String])
  case ended(Int32)
  case closed(Int32, HTTP2ErrorCode)
  case goAway(HTTP2ErrorCode)
}

/// A server that writes frames by hand, and an application that consumes nothing by itself.
final class ScriptedServer {
  let session: HTTP2ClientSession
  private let inflater: HeaderInflater
  private(set) var seen: [ClientSaw] = []
  private var isPrefaceRead = false

  /// Opens the connection: preface and SETTINGS both ways, acknowledged.
  init(
    limits: HTTP2ClientLimits = HTTP2ClientLimits(), settings: [(id: UInt16, value: UInt32)] = []
  ) throws {
    self.session = try HTTP2ClientSession(limits: limits)
    self.inflater = try #require(HeaderInflater())
    try self.send(Frame.settings(settings), Frame.settingsAck)
    _ = try self.takeFrames()
  }

  func send(_ frames: Frame...) throws {
    try self.send(frames.flatMap(\.bytes))
  }

  func send(_ bytes: [UInt8]) throws {
    defer { self.noteEvents() }
    try self.session.receive(bytes.span)
  }

  /// What happened since the last time.
  func takeSeen() -> [ClientSaw] {
    defer { self.seen = [] }
    return self.seen
  }

  func takeFrames() throws -> [Frame] {
    var written: [UInt8] = []
    defer { self.noteEvents() }
    _ = try self.session.drainOutbound { bytes in
      for index in bytes.indices { written.append(bytes[index]) }
    }
    guard !self.isPrefaceRead else { return Frame.read(written) }
    self.isPrefaceRead = true
    #expect(written.starts(with: Frame.preface))
    return Frame.read(Array(written.dropFirst(Frame.preface.count)))
  }

  /// Submits a usual request and forgets its frames.
  func request(_ body: [UInt8] = [1, 2, 3]) throws -> Int32 {
    guard case .queued(let streamID) = self.session.submitRequest(.grpcRequest, body: body) else {
      throw HTTP2SessionError.alreadyFailed
    }
    _ = try self.takeFrames()
    return streamID
  }

  func fields(of frame: Frame) -> [String]? {
    self.inflater.inflate(frame.payload)
  }

  private func noteEvents() {
    while let event = self.session.nextEvent() { self.seen.append(self.note(event)) }
  }

  private func note(_ event: HTTP2ClientEvent) -> ClientSaw {
    switch event {
    case .responseHeaders(let id, let fields): .headers(id, fields.lines)
    case .data(let id, let bytes):
      .data(id, self.session.withBytes(of: bytes) { span in span.indices.map { span[$0] } })
    case .trailers(let id, let fields): .trailers(id, fields.lines)
    case .responseEnded(let id): .ended(id)
    case .streamClosed(let id, let code): .closed(id, code)
    case .goAwayReceived(let code): .goAway(code)
    }
  }
}

extension HeaderFields {
  static var grpcRequest: HeaderFields {
    var fields = HeaderFields()
    fields.append(":method", "POST")
    fields.append(":scheme", "http")
    fields.append(":path", "/pkg.Service/Method")
    fields.append(":authority", "localhost")
    fields.append("te", "trailers")
    fields.append("content-type", "application/grpc")
    return fields
  }
}
