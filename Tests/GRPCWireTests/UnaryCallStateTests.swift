// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import Testing

@Suite struct UnaryCallStateTests {
  @Test func `one message and the end dispatch the call`() {
    var call = UnaryCallState(limitBytes: 100)
    #expect(call.receive(framed([1, 2])) == .wait)
    #expect(call.receivedEnd() == .dispatch(message: [1, 2]))
    #expect(call.receivedEnd() == .ignore)
    #expect(call.receive(framed([3])) == .ignore)
    #expect(call.answered() == .send)
    #expect(call.answered() == .discard)
    #expect(call.streamClosed() == .ignore)
  }

  @Test func `an empty message is a message`() {
    var call = UnaryCallState(limitBytes: 100)
    #expect(call.receive(framed([])) == .wait)
    #expect(call.receivedEnd() == .dispatch(message: []))
  }

  @Test func `a request split at any byte is the same call`() {
    let body = framed([1, 2, 3, 4])
    for split in 0...body.count {
      var call = UnaryCallState(limitBytes: 4)
      #expect(call.receive(Array(body[..<split])) == .wait)
      #expect(call.receive(Array(body[split...])) == .wait)
      #expect(call.receivedEnd() == .dispatch(message: [1, 2, 3, 4]))
    }
  }

  @Test func `no message is refused as unimplemented`() {
    var call = UnaryCallState(limitBytes: 100)
    #expect(refusal(of: call.receivedEnd())?.code == .unimplemented)
    #expect(call.receivedEnd() == .ignore)
    #expect(call.answered() == .discard)
  }

  @Test func `a second message is refused at its first byte`() {
    for rest in [[UInt8(0)], framed([2])] {
      var call = UnaryCallState(limitBytes: 100)
      guard case .refuse(let status) = call.receive(framed([1]) + rest) else {
        Issue.record("taken")
        continue
      }
      #expect(status.code == .unimplemented)
      #expect(call.receive(framed([1])) == .ignore)
      #expect(call.receivedEnd() == .ignore)
      #expect(call.deadlinePassed() == .ignore)
      #expect(call.streamClosed() == .ignore)
    }
  }

  @Test func `a cut message is refused at every byte`() {
    let body = framed([1, 2, 3])
    for count in 1..<body.count {
      var call = UnaryCallState(limitBytes: 100)
      #expect(call.receive(Array(body[..<count])) == .wait)
      #expect(refusal(of: call.receivedEnd())?.code == .internal)
    }
  }

  @Test func `framing faults are refused and final`() {
    for (body, code) in [
      ([UInt8(1)], GRPCStatusCode.internal), ([9], .internal),
      ([0, 0, 0, 0, 101], .resourceExhausted),
    ] {
      var call = UnaryCallState(limitBytes: 100)
      guard case .refuse(let status) = call.receive(body) else {
        Issue.record("taken")
        continue
      }
      #expect(status.code == code)
      #expect(!status.message.isEmpty)
      #expect(call.receive(body) == .ignore)
      #expect(call.answered() == .discard)
    }
  }

  @Test func `a deadline before the end refuses, after it cancels too`() {
    var early = UnaryCallState(limitBytes: 100)
    #expect(early.receive([0]) == .wait)
    #expect(early.deadlinePassed() == .refuse)
    #expect(early.deadlinePassed() == .ignore)
    #expect(early.receivedEnd() == .ignore)

    var running = UnaryCallState(limitBytes: 100)
    #expect(running.receive(framed([])) == .wait)
    _ = running.receivedEnd()
    #expect(running.deadlinePassed() == .cancelAndRefuse)
    #expect(running.answered() == .discard)
    #expect(running.streamClosed() == .ignore)

    var done = UnaryCallState(limitBytes: 100)
    #expect(done.receive(framed([])) == .wait)
    _ = done.receivedEnd()
    #expect(done.answered() == .send)
    #expect(done.deadlinePassed() == .ignore)
  }

  @Test func `a closed stream cancels a running call and nothing follows`() {
    var running = UnaryCallState(limitBytes: 100)
    #expect(running.receive(framed([])) == .wait)
    _ = running.receivedEnd()
    #expect(running.streamClosed() == .cancel)
    #expect(running.streamClosed() == .ignore)
    #expect(running.answered() == .discard)
    #expect(running.deadlinePassed() == .ignore)

    var receiving = UnaryCallState(limitBytes: 100)
    #expect(receiving.receive([0, 0]) == .wait)
    #expect(receiving.streamClosed() == .ignore)
    #expect(receiving.receive([0, 0]) == .ignore)
    #expect(receiving.receivedEnd() == .ignore)
  }

  @Test func `a call refused by others is answered once`() {
    var call = UnaryCallState(limitBytes: 100)
    #expect(call.answered() == .send)
    #expect(call.receive(framed([1])) == .ignore)
    #expect(call.receivedEnd() == .ignore)
    #expect(call.answered() == .discard)
  }
}

extension UnaryCallState {
  fileprivate mutating func receive(_ bytes: [UInt8]) -> OnBytes {
    self.receivedBytes(bytes.span)
  }
}

private func refusal(of answer: UnaryCallState.OnEnd) -> GRPCStatus? {
  guard case .refuse(let status) = answer else { return nil }
  return status
}
