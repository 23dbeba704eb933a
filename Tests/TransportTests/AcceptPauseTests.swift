// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Transport

/// A listening socket that the system gives no connection.
struct AcceptPauseTests {
  private enum Seen: Equatable {
    case failed(AcceptFailure)
    case accepting(Bool)
  }

  private final class Log: Sendable {
    private let lines = Mutex<[Seen]>([])
    func note(_ line: Seen) { self.lines.withLock { $0.append(line) } }
    func take() -> [Seen] {
      self.lines.withLock { lines in
        defer { lines = [] }
        return lines
      }
    }
  }

  private let log = Log()
  private let channel = EmbeddedChannel()

  init() throws {
    let log = self.log
    try self.channel.pipeline.syncOperations.addHandler(
      AcceptPause(
        observe: { log.note(.failed($0)) },
        setAccepting: { _, accepts in log.note(.accepting(accepts)) }))
  }

  private func fail(_ errno: CInt) {
    self.channel.pipeline.fireErrorCaught(IOError(errnoCode: errno, reason: "accept"))
  }

  @Test(arguments: [EMFILE, ENFILE]) func `accepting goes on after a second`(errno: CInt) {
    for _ in 1...2 {
      self.fail(errno)
      #expect(self.log.take() == [.failed(.outOfDescriptors), .accepting(false)])
      self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
      #expect(self.log.take() == [])
      self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
      #expect(self.log.take() == [.accepting(true)])
    }
  }

  @Test func `a second failure in the pause does not prolong it`() {
    self.fail(ENOMEM)
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(500))
    self.fail(ENOBUFS)
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(500))
    #expect(
      self.log.take() == [
        .failed(.outOfMemory), .accepting(false), .failed(.outOfMemory), .accepting(true),
      ])
  }

  @Test func `a peer that left before it was accepted delays nobody`() {
    self.fail(ECONNABORTED)
    #expect(self.log.take() == [])
  }

  @Test func `a socket that closes while it waits is left alone`() throws {
    self.fail(EMFILE)
    _ = self.log.take()
    #expect(try self.channel.finish().isClean)
    self.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(self.log.take() == [])
  }
}
