// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Transport

/// A listening socket that the system gives no connection.
struct AcceptPauseTests {
  private final class Reads: ChannelOutboundHandler {
    typealias OutboundIn = Never
    let count = Atomic(0)
    func read(context: ChannelHandlerContext) { self.count.add(1, ordering: .relaxed) }
  }

  private final class Seen: Sendable {
    let failures = Mutex<[AcceptFailure]>([])
  }

  private let reads = Reads()
  private let seen = Seen()
  private let channel: EmbeddedChannel

  init() throws {
    let seen = self.seen
    self.channel = EmbeddedChannel()
    try self.channel.pipeline.syncOperations.addHandlers([
      self.reads,
      AcceptPause { failure in seen.failures.withLock { $0.append(failure) } },
    ])
  }

  private func fail(_ errno: CInt) {
    self.channel.pipeline.fireErrorCaught(IOError(errnoCode: errno, reason: "accept"))
  }

  private var readCount: Int { self.reads.count.load(ordering: .relaxed) }

  @Test(arguments: [EMFILE, ENFILE]) func `accepting goes on after a second`(errno: CInt) {
    self.channel.pipeline.read()
    #expect(self.readCount == 1)
    self.fail(errno)
    self.channel.pipeline.read()
    self.channel.pipeline.read()
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
    #expect(self.readCount == 1)
    self.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(self.readCount == 2)
    self.channel.pipeline.read()
    #expect(self.readCount == 3)
    #expect(self.seen.failures.withLock { $0 } == [.outOfDescriptors])
  }

  @Test func `a pause without a read behind it reads nothing`() {
    self.fail(ENOMEM)
    self.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(self.readCount == 0)
    self.channel.pipeline.read()
    #expect(self.readCount == 1)
    #expect(self.seen.failures.withLock { $0 } == [.outOfMemory])
  }

  @Test func `a peer that left before it was accepted delays nobody`() {
    self.fail(ECONNABORTED)
    self.channel.pipeline.read()
    #expect(self.readCount == 1)
    #expect(self.seen.failures.withLock { $0 }.isEmpty)
  }

  @Test func `a socket that closes while it waits reads no more`() throws {
    self.fail(EMFILE)
    self.channel.pipeline.read()
    #expect(try self.channel.finish().isClean)
    self.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(self.readCount == 0)
  }
}
