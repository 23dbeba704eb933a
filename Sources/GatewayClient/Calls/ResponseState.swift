// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI

/// One response as a gRPC client reads it (PROTOCOL-HTTP2.md of grpc/grpc, "Responses"), without I/O.
///
///     awaitingHead ──head──► open ──trailers──► ended
///          │                  ╰──anything wrong──► ended
///          ╰──Trailers-Only, no gRPC──► ended
struct ResponseState: ~Copyable {
  enum OnHead: Equatable {
    /// Messages may follow.
    case opened
    /// It was all there is (Trailers-Only).
    case ended(CallEnd)
    case failed(CallFailure)
    case ignore
  }

  enum OnEnd: Equatable {
    case ended(CallEnd)
    case failed(CallFailure)
    case ignore
  }

  private enum State: ~Copyable {
    case awaitingHead(messageLimitBytes: Int)
    case open(MessageDeframer)
    case ended
  }

  private var state: State

  /// - Parameter messageLimitBytes: The greatest message that is taken.
  init(messageLimitBytes: Int) {
    self.init(.awaitingHead(messageLimitBytes: messageLimitBytes))
  }

  private init(_ state: consuming State) {
    self.state = state
  }

  mutating func receivedHead(_ head: ResponseMetadata) -> OnHead {
    switch consume self.state {
    case .awaitingHead(let limit):
      switch Self.judge(head) {
      case .opened(let encoding):
        self = .init(.open(MessageDeframer(limitBytes: limit, encoding: encoding)))
        return .opened
      case .ended(let end):
        self = .init(.ended)
        return .ended(end)
      case .failed(let failure):
        self = .init(.ended)
        return .failed(failure)
      }
    case .open(let deframer):
      self = .init(.open(deframer))
      return .ignore
    case .ended:
      self = .init(.ended)
      return .ignore
    }
  }

  /// - Parameter messages: gets what became whole.
  /// - Returns: why the call ends here; nil if it goes on.
  mutating func receivedData(
    _ bytes: Span<UInt8>, into messages: inout [[UInt8]]
  ) -> CallFailure? {
    switch consume self.state {
    case .awaitingHead:
      // The engine lets no DATA through before headers.
      self = .init(.ended)
      return .malformed("a body without headers")
    case .open(var deframer):
      do throws(DeframingError) {
        var position = 0
        while let message = try deframer.nextMessage(in: bytes, from: &position) {
          messages.append(message)
        }
        self = .init(.open(deframer))
        return nil
      } catch {
        self = .init(.ended)
        return .malformed(error.status.message)
      }
    case .ended:
      self = .init(.ended)
      return nil
    }
  }

  mutating func receivedTrailers(_ trailers: ResponseMetadata) -> OnEnd {
    switch consume self.state {
    case .awaitingHead:
      self = .init(.ended)
      return .failed(.malformed("trailers without headers"))
    case .open(let deframer):
      self = .init(.ended)
      guard let end = Self.end(trailers) else {
        return .failed(.malformed("no grpc-status in the trailers"))
      }
      guard deframer.isBetweenMessages || end.status.code != .ok else {
        return .failed(.malformed("the response ended within a message"))
      }
      return .ended(end)
    case .ended:
      self = .init(.ended)
      return .ignore
    }
  }

  /// The stream closed, or the connection did; or the caller has had enough.
  ///
  /// - Parameter failure: why there is no answer, if there is none.
  mutating func closed(_ failure: CallFailure) -> OnEnd {
    switch consume self.state {
    case .awaitingHead:
      self = .init(.ended)
      return .failed(failure)
    case .open:
      self = .init(.ended)
      return .failed(failure)
    case .ended:
      self = .init(.ended)
      return .ignore
    }
  }

  private enum Judgement {
    case opened(MessageEncoding)
    case ended(CallEnd)
    case failed(CallFailure)
  }

  private static func judge(_ head: ResponseMetadata) -> Judgement {
    // A status counts whatever HTTP says beside it (http-grpc-status-mapping.md).
    if let end = self.end(head) { return .ended(end) }
    let httpStatus = head[":status"].flatMap { Int($0) } ?? 0
    let isGRPC = head["content-type"]?.hasPrefix("application/grpc") ?? false
    guard httpStatus == 200, isGRPC else { return .failed(.notGRPC(httpStatus: httpStatus)) }
    switch head["grpc-encoding"] {
    case nil, "identity": return .opened(.identity)
    case "gzip": return .opened(.gzip)
    case let name?:
      return .failed(.malformed("grpc-encoding \(name.prefix(32)) was not asked for"))
    }
  }

  /// Nil if there is no status.
  private static func end(_ fields: ResponseMetadata) -> CallEnd? {
    guard let digits = fields["grpc-status"] else { return nil }
    // A code that nobody has defined yet is UNKNOWN (statuscodes.md).
    let code = UInt8(digits).flatMap(GRPCStatusCode.init) ?? .unknown
    let message = fields.bytes("grpc-message").map { PercentEncoding.decode($0.span) } ?? ""
    var end = CallEnd(status: GRPCStatus(code, message), trailers: fields)
    if let text = fields.bytes("grpc-status-details-bin"), let wire = Base64.decode(text.span) {
      end.details = try? RichStatus(wire: wire.span)
    }
    return end
  }
}

extension CallFailure {
  /// What a stream's close means to a call that has no status (PROTOCOL-HTTP2.md, "Errors").
  init(closedWith code: HTTP2ErrorCode) {
    switch code {
    case .refusedStream: self = .notTaken
    case .noError: self = .malformed("the response ended without a status")
    default: self = .reset(code)
    }
  }
}
