// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import GRPCWire

struct StreamedCallStateTests {
  private static func frame(_ message: [UInt8]) -> [UInt8] {
    [0, 0, 0, 0, UInt8(message.count)] + message
  }

  private func next(_ state: inout StreamedCallState) -> (StreamedCallState.OnNextRequest, Int) {
    var consumed = 0
    let answer = state.nextRequest(consumed: &consumed)
    return (answer, consumed)
  }

  @Test func `messages are cut one at a time, and what is cut is consumed`() {
    var state = StreamedCallState(.many, limitBytes: 100)
    #expect(self.next(&state) == (.wait, 0))
    #expect(state.receivedBytes((Self.frame([1]) + Self.frame([2, 3]) + [0, 0]).span) == .look)
    #expect(self.next(&state) == (.message([1]), 6))
    #expect(self.next(&state) == (.message([2, 3]), 7))
    #expect(self.next(&state) == (.wait, 2))
    #expect(state.receivedBytes([0, 0, 0].span) == .look)
    #expect(state.receivedEnd() == .look)
    #expect(self.next(&state) == (.message([]), 3))
    #expect(self.next(&state) == (.ended, 0))
    #expect(self.next(&state) == (.ended, 0))
  }

  @Test(arguments: 0...13)
  func `a cut anywhere makes no difference`(cut: Int) {
    let bytes = Self.frame([1]) + Self.frame([2, 3])
    var state = StreamedCallState(.many, limitBytes: 100)
    var messages: [[UInt8]] = []
    var consumed = 0
    for part in [Array(bytes[..<cut]), Array(bytes[cut...])] {
      _ = state.receivedBytes(part.span)
      while case .message(let message) = state.nextRequest(consumed: &consumed) {
        messages.append(message)
      }
    }
    #expect(messages == [[1], [2, 3]])
    #expect(consumed == bytes.count)
  }

  @Test func `the one message of a method waits until no other can follow`() {
    var state = StreamedCallState(.one, limitBytes: 100)
    _ = state.receivedBytes(Self.frame([1]).span)
    #expect(self.next(&state) == (.wait, 6))
    #expect(state.receivedEnd() == .look)
    #expect(self.next(&state) == (.message([1]), 0))
    #expect(self.next(&state) == (.ended, 0))
  }

  @Test(arguments: [
    ([], GRPCStatusCode.unimplemented), (frame([1]) + frame([2]), .unimplemented),
    ([0, 0, 0], .internal), (frame([1]).dropLast(), .internal), ([2], .internal),
    ([0, 0, 0, 0, 101], .resourceExhausted), ([0, 0xFF, 0xFF, 0xFF, 0xFF], .resourceExhausted),
    ([1, 0, 0, 0, 0], .internal),
  ])
  func `what is not one message is refused`(bytes: [UInt8], code: GRPCStatusCode) {
    var state = StreamedCallState(.one, limitBytes: 100)
    _ = state.receivedBytes(bytes.span)
    _ = state.receivedEnd()
    guard case .refuse(let status) = self.next(&state).0 else {
      Issue.record("taken")
      return
    }
    #expect(status.code == code)
    #expect(state.ended() == .send)
    #expect(self.next(&state) == (.ignore, 0))
  }

  @Test func `a cut message ends a stream of many with a refusal`() {
    var state = StreamedCallState(.many, limitBytes: 100)
    _ = state.receivedBytes([0, 0, 0].span)
    _ = state.receivedEnd()
    guard case .refuse(let status) = self.next(&state).0 else {
      Issue.record("taken")
      return
    }
    #expect(status.code == .internal)
  }

  @Test func `a call ends once, and nobody looks at what comes after`() {
    var state = StreamedCallState(.many, limitBytes: 100)
    #expect(state.ended() == .send)
    #expect(state.ended() == .discard)
    #expect(state.streamClosed() == .ignore)
    #expect(state.receivedBytes([0].span) == .ignore)
    #expect(state.receivedEnd() == .ignore)
    #expect(self.next(&state) == (.ignore, 0))
  }

  @Test func `a stream that closes first cancels the call`() {
    var state = StreamedCallState(.many, limitBytes: 100)
    #expect(state.streamClosed() == .cancel)
    #expect(state.streamClosed() == .ignore)
    #expect(state.ended() == .discard)
  }

  @Test func `one who is always a request ahead makes nothing grow`() {
    var state = StreamedCallState(.many, limitBytes: 100)
    var most = 0
    _ = state.receivedBytes(Self.frame([0]).span)
    for number in 1...20_000 {
      _ = state.receivedBytes(Self.frame([UInt8(number % 256)]).span)
      #expect(self.next(&state) == (.message([UInt8((number - 1) % 256)]), 6))
      most = max(most, state.inboxBytes)
    }
    #expect(most < 20_000)
  }
}
