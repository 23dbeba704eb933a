// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Authorization
import GatewayServer
import Glibc
import JobsAPI
import Logging
import NIOCore
import NIOEmbedded
import RESTTestKit
import Telemetry
import Testing
import Transport

@testable import RESTDoor

/// A connection to the door whose far end is written by hand.
struct Visitor {
  struct Answer: Equatable {
    var status: Int
    var headers: [String: String]
    var body: String
  }

  let backend: RecordingBackend
  let registry: MetricsRegistry
  private let channel: EmbeddedChannel

  init(
    _ backend: RecordingBackend = RecordingBackend(), callers: DoorCallers = .anyone,
    limits: DoorLimits = DoorLimits(), peer: ConnectionPeer = .anonymous,
    registry: MetricsRegistry = MetricsRegistry(),
    access: AccessControl? = nil, memory: MemoryBudget = MemoryBudget()
  ) throws {
    self.backend = backend
    self.registry = registry
    let channel = EmbeddedChannel()
    self.channel = channel
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let door = try RESTDoor(
      on: channel.embeddedEventLoop, callers: callers, limits: limits, memory: memory,
      accessControl: access,
      reporting: CallReporting(
        metrics: RequestMetrics(registry: registry), failures: FailureMetrics(registry: registry),
        log: CallLog(logger)),
      metrics: DoorMetrics(registry: registry)
    ) { _ in backend }
    try door.serve(channel, peer)
    try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fake")).wait()
  }

  /// Sends a request, and reads its one answer.
  func ask(
    _ method: String, _ target: String, _ headers: [(String, String)] = [], _ body: String = ""
  ) throws -> Answer {
    var text = "\(method) \(target) HTTP/1.1\r\nHost: h\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
    try self.channel.writeInbound(ByteBuffer(string: text + "\r\n" + body))
    var answer = ""
    while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
      answer += String(buffer: buffer)
    }
    return try #require(Answer(answer))
  }

  /// As ``ask(_:_:_:_:)``, signed now.
  func askSigned(
    _ method: String, _ target: String, as credential: Credential, _ body: String = ""
  ) throws -> Answer {
    var signer = try RequestSigner(region: "us-east-1")
    let signature = try signer.sign(
      method: method, target: Array(target.utf8).span, host: "h", body: Array(body.utf8).span,
      credential: credential, at: SigningTime(epochSeconds: Int64(time(nil))))
    return try self.ask(
      method, target,
      [
        (SignatureHeaders.dateName, signature.date),
        (SignatureHeaders.authorizationName, signature.authorization),
      ], body)
  }

  /// The counts of a family that are not zero, by their labels.
  func counted(_ family: String) -> [String: String] {
    var counts: [String: String] = [:]
    for line in String(decoding: self.registry.exposition(), as: UTF8.self).split(separator: "\n")
    where line.hasPrefix(family + "{") && !line.hasSuffix(" 0") {
      let parts = line.dropFirst(family.count + 1).split(separator: "} ")
      counts[String(parts[0])] = String(parts[1])
    }
    return counts
  }
}

extension Visitor.Answer {
  init?(_ text: String) {
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    guard let first = lines.first, let status = Int(first.split(separator: " ")[1]) else {
      return nil
    }
    self.status = status
    self.body = String(text[end.upperBound...])
    self.headers = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ": ", maxSplits: 1)
      self.headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  var errorName: String? { self.headers["x-amzn-errortype"] }
}
