// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import StandardServices

// The methods of grpc.health.v1 (health-checking.md of grpc/grpc).

/// A call that is answered as soon as its message is there: Check and List.
final class HealthAnswerCall: StreamedCall {
  private let reply: ([UInt8]) throws(ProtobufError) -> OnNextAnswer
  private var answer = OnNextAnswer.wait

  private init(_ reply: @escaping ([UInt8]) throws(ProtobufError) -> OnNextAnswer) {
    self.reply = reply
  }

  /// The status of one service, now. Of a service that there is not: NOT_FOUND.
  static func check(_ health: HealthStatuses) -> HealthAnswerCall {
    HealthAnswerCall { (message) throws(ProtobufError) in
      guard let status = health.status(of: try HealthMessages.service(of: message)) else {
        return .end(
          RPCFailure(.notFound, .resourceNotFound, message: "there is no such service here"))
      }
      return .lastMessage(.framed { HealthMessages.append(status, to: &$0) })
    }
  }

  /// The status of each service, now.
  static func list(_ health: HealthStatuses) -> HealthAnswerCall {
    HealthAnswerCall { (message) throws(ProtobufError) in
      try HealthMessages.checkList(message)
      let status = health.status
      let statuses = health.services.map { (service: $0, status: status) }
      return .lastMessage(.framed { HealthMessages.append(statuses, to: &$0) })
    }
  }

  func received(_ message: [UInt8]) {
    do throws(ProtobufError) {
      self.answer = try self.reply(message)
    } catch {
      self.answer = .end(RPCFailure(error))
    }
  }

  func requestEnded() {}
  func nextAnswer() -> OnNextAnswer { self.answer }
  func stopped(_ code: GRPCStatusCode) {}
}

/// The status of one service and each change of it, until the caller goes. A service that there is
/// not is SERVICE_UNKNOWN.
final class HealthWatchCall: StreamedCall {
  private let health: HealthStatuses
  private let newsArrived: @Sendable () -> Void
  private var watch = HealthWatch()
  /// Nil until the request is read.
  private var status: (() -> ServingStatus)?
  private var failure: RPCFailure?
  private var observer: Readiness.Observer?

  init(_ health: HealthStatuses, _ newsArrived: @escaping @Sendable () -> Void) {
    self.health = health
    self.newsArrived = newsArrived
  }

  func received(_ message: [UInt8]) {
    do throws(ProtobufError) {
      let service = try HealthMessages.service(of: message)
      let health = self.health
      // The name goes: it may be as long as a message, and a watch lasts as long as its caller likes.
      let isKnown = health.status(of: service) != nil
      self.status = { isKnown ? health.status : .serviceUnknown }
      // First this, then the look: a change between the two is news and not lost.
      self.observer = health.readiness.observe(self.newsArrived)
    } catch {
      self.failure = RPCFailure(error)
    }
  }

  func requestEnded() {}

  func nextAnswer() -> OnNextAnswer {
    if let failure = self.failure { return .end(failure) }
    guard let status = self.status else { return .wait }
    switch self.watch.roomAvailable(status()) {
    case .tell(let status): return .message(.framed { HealthMessages.append(status, to: &$0) })
    case .wait: return .wait
    }
  }

  func stopped(_ code: GRPCStatusCode) {
    if let observer = self.observer.take() { self.health.readiness.stop(observer) }
  }
}

extension [UInt8] {
  /// A message with its length prefix.
  static func framed(_ encode: (inout [UInt8]) -> Void) -> [UInt8] {
    var frame: [UInt8] = []
    MessageFraming.appendMessage(to: &frame, encode: encode)
    return frame
  }
}

extension RPCFailure {
  init(_ error: ProtobufError) {
    let words =
      switch error {
      case .malformed: "the message cannot be decoded"
      case .invalidText: "the message holds text that is not UTF-8"
      }
    self.init(.invalidArgument, .malformedRequest, message: words)
  }
}
