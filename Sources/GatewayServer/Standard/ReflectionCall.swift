// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import StandardServices

/// `ServerReflectionInfo` of grpc.reflection.v1 and v1alpha: an answer for each request, until the
/// caller has no more.
final class ReflectionCall: StreamedCall {
  private var dialogue: ReflectionDialogue
  private var answer = OnNextAnswer.wait
  private var hasRequestEnded = false

  init(_ index: DescriptorIndex) {
    self.dialogue = ReflectionDialogue(index)
  }

  func received(_ message: [UInt8]) {
    do throws(ProtobufError) {
      switch self.dialogue.received(try ReflectionRequest(message)) {
      case .answer(let response): self.answer = .message(.framed { $0 += response })
      case .refuseQuestion:
        self.answer = .end(
          RPCFailure(
            .invalidArgument, .invalidRequest, message: "the request asks nothing known here"))
      case .refuseMore:
        self.answer = .end(
          RPCFailure(
            .resourceExhausted, .quotaExceeded, message: "too many requests on one stream"))
      }
    } catch {
      self.answer = .end(RPCFailure(error))
    }
  }

  func requestEnded() { self.hasRequestEnded = true }

  func nextAnswer() -> OnNextAnswer {
    defer { self.answer = .wait }
    guard case .wait = self.answer else { return self.answer }
    return self.hasRequestEnded ? .end(nil) : .wait
  }

  func stopped(_ code: GRPCStatusCode) {}
}
