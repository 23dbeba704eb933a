// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Foundation
import GatewayTestKit
import NIOCore
import Synchronization
import Testing

/// What came over a channel until its end.
final class Conversation: Sendable {
  private struct State {
    var text = ""
    var failure: (any Error)?
  }

  private let state = Mutex(State())
  private let promise: EventLoopPromise<Void>

  init(on loop: any EventLoop) {
    self.promise = loop.makePromise()
  }

  var ended: EventLoopFuture<Void> { self.promise.futureResult }
  var text: String { self.state.withLock { $0.text } }
  var failure: (any Error)? { self.state.withLock { $0.failure } }

  func makeHandler() -> some ChannelInboundHandler { Handler(self) }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let conversation: Conversation

    init(_ conversation: Conversation) {
      self.conversation = conversation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: self.unwrapInboundIn(data))
      self.conversation.state.withLock { $0.text += text }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      self.conversation.state.withLock { $0.failure = $0.failure ?? error }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
      self.conversation.promise.succeed()
    }
  }
}

/// A file that is gone with its owner.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8]) throws {
    self.path = NSTemporaryDirectory() + "transport-\(UInt64.random(in: 0...(.max)))"
    let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
    guard
      FileManager.default.createFile(
        atPath: self.path, contents: Data(bytes), attributes: attributes)
    else { throw CocoaError(.fileWriteUnknown) }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: self.path)
  }
}

/// Programs that run to their end.
enum Program {
  static func areInstalled(_ names: String...) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return names.allSatisfy { name in
      path.split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
      }
    }
  }

  /// - Returns: All that the program said, on both of its outputs.
  static func output(_ command: [String], input: String) throws -> String {
    try self.converse(command, [(input, "")])
  }

  /// Says each thing once the answer to the one before has come, then ends the input.
  static func converse(
    _ command: [String], _ steps: [(say: String, until: String)]
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try process.run()
    var output = ""
    for step in steps {
      try stdin.fileHandleForWriting.write(contentsOf: Data(step.say.utf8))
      while !step.until.isEmpty && !output.contains(step.until) {
        let chunk = stdout.fileHandleForReading.availableData
        if chunk.isEmpty { break }
        output += String(decoding: chunk, as: UTF8.self)
      }
    }
    try stdin.fileHandleForWriting.close()
    let rest = try stdout.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return output + String(decoding: rest, as: UTF8.self)
  }
}

/// A server in Python, one connection after the other, until it is stopped.
final class PythonServer {
  let port: Int
  private let process = Process()
  private let stdin = Pipe()
  private let files: [TemporaryFile]

  /// Speaks TLS: answers a line with what it knows of the connection and the line itself.
  ///
  /// - Parameter ending: how each connection ends, as Python.
  convenience init(_ fixture: SecureFixture, then ending: String) throws {
    let chain = try TemporaryFile(fixture.identity.certificateChainPEM)
    let key = try TemporaryFile(fixture.identity.privateKeyPEM)
    let script = """
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
      context.load_cert_chain("\(chain.path)", "\(key.path)")
      context.set_alpn_protocols(["http/1.1"])
      names = []
      context.sni_callback = lambda tls, name, context: names.append(name)
      def serve(raw):
          with context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False) as tls:
              line = tls.recv(100)
              facts = [tls.version(), tls.selected_alpn_protocol(), names[-1], tls.session_reused]
              tls.sendall(" ".join(map(str, facts)).encode() + b" " + line)
              \(ending)
      """
    try self.init(script, files: [chain, key])
  }

  /// Speaks no TLS: reads something, answers this, and hangs up; nil: says nothing for ever.
  convenience init(plainAnswer: String?) throws {
    let bytes = Array((plainAnswer ?? "").utf8)
    let script = """
      def serve(raw):
          while raw.recv(65536) and \(plainAnswer == nil ? "True" : "False"): pass
          raw.sendall(bytes(\(bytes)))
          raw.close()
      """
    try self.init(script, files: [])
  }

  private init(_ script: String, files: [TemporaryFile]) throws {
    self.files = files
    self.process.executableURL = URL(filePath: "/usr/bin/env")
    self.process.arguments = [
      "python3", "-c",
      """
      import os, socket, ssl, sys, threading
      # Whoever started this is gone when its input ends.
      threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
      \(script)
      listener = socket.create_server(("127.0.0.1", 0))
      print(listener.getsockname()[1], flush=True)
      while True:
          raw = listener.accept()[0]
          try:
              serve(raw)
          except OSError:
              pass
      """,
    ]
    let stdout = Pipe()
    self.process.standardInput = self.stdin
    self.process.standardOutput = stdout
    try self.process.run()
    // One line: the port.
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      guard let byte = try stdout.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
        throw CocoaError(.fileReadUnknown)
      }
      line.append(byte)
    }
    let text = String(decoding: line.dropLast(), as: UTF8.self)
    self.port = try #require(Int(text))
  }

  func stop() {
    // Signals that can be blocked are: a program inherits that from the thread that starts it.
    kill(self.process.processIdentifier, SIGKILL)
  }
}
