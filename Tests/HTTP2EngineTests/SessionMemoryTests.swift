// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import Testing

@testable import HTTP2Engine

/// Memory that comes and goes under a session that notices nothing.
struct SessionMemoryTests {
  /// Pages and what of them is lent, as numbers that compare.
  private func withPages(_ body: (inout SessionPages, UnsafeMutableRawPointer) -> Void) {
    // Without pages of 4 KiB there is nothing to test: all of it comes from the heap.
    guard let block = unsafe PagePool.take() else { return }
    defer { unsafe PagePool.giveBack(block) }
    var pages = unsafe SessionPages(block: block)
    unsafe body(&pages, block)
  }

  private func byte(_ block: UnsafeMutableRawPointer, _ offset: Int) -> UInt8 {
    unsafe block.load(fromByteOffset: offset, as: UInt8.self)
  }

  @Test func `each room is lent once`() {
    unsafe self.withPages { pages, block in
      let offsets = [16_394, 16_394, 4_096, 4_096, 80].map { count in
        unsafe pages.lend(count).map { unsafe $0 - block }
      }
      #expect(offsets == [0, nil, 20_480, nil, nil])
      let rooms = [0, 16, 20_480].map { unsafe pages.room(at: block + $0) }
      #expect(rooms == [20_480, nil, 4_096])
    }
  }

  @Test func `what holds something stays, what does not is zeros again`() {
    unsafe self.withPages { pages, block in
      unsafe block.storeBytes(of: 7, as: UInt8.self)
      unsafe block.storeBytes(of: 9, toByteOffset: 24_575, as: UInt8.self)
      pages.release(frameIsUnused: false)
      #expect(unsafe self.byte(block, 0) == 7)
      #expect(unsafe self.byte(block, 24_575) == 9)
      pages.release(frameIsUnused: true)
      #expect(unsafe self.byte(block, 0) == 0)
      #expect(unsafe self.byte(block, 24_575) == 9)
    }
  }

  @Test func `a room that is freed holds nothing, and is not lent again`() {
    unsafe self.withPages { pages, block in
      let table = unsafe pages.lend(4_096)
      guard let table = unsafe table else { return }
      unsafe table.storeBytes(of: 1, as: UInt8.self)
      unsafe pages.takeBack(table, count: 4_096)
      #expect(unsafe self.byte(block, 20_480) == 0)
      let isLentAgain = unsafe pages.lend(4_096) != nil
      #expect(!isLentAgain)
    }
  }

  @Test func `a session's frame lies in a page that can go`() throws {
    let before = PagePool.unusedBlocks
    let peer = try ScriptedPeer()
    // Without pages of 4 KiB the heap gives all.
    guard PagePool.unusedBlocks < before || before == 0 else { return }
    let lendsFrame = peer.session.memory.lendsFrame
    #expect(lendsFrame)
  }

  @Test func `a call after the release is answered as one before`() throws {
    let peer = try ScriptedPeer()
    // An answer of several frames, so that the room for one is used to its end.
    let body = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
    for streamID in stride(from: Int32(1), through: 9, by: 2) {
      if streamID == 3 { try peer.send(.windowUpdate(1_000_000, on: 0)) }
      try peer.send(.headers(requestFields, on: streamID, endStream: true))
      peer.session.releaseMemory()
      #expect(peer.session.submitResponse(.ok(body), on: streamID) == .queued)
      // With something to write, nothing of it may go; and the frames come in several drains.
      var data: [UInt8] = []
      while peer.session.wantsWrite {
        peer.session.releaseMemory()
        let frames = Frame.read(try peer.takeBytes(atMost: 1))
        data += frames.filter { $0.kind == .data }.flatMap(\.payload)
      }
      #expect(data == body)
      #expect(peer.session.openStreamCount == 0)
      peer.session.releaseMemory()
    }
  }
}
