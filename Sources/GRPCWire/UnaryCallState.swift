// SPDX-License-Identifier: Apache-2.0

/// The server's side of one unary call, from its accepted headers until its stream is closed.
///
///     receiving ──end──► dispatched ──answer──► answered
///         │                  │                     ▲
///         └──refused, deadline, closed─────────────┘
///
/// Bytes after the one message, a missing message and a cut message are the caller's faults and
/// refuse the call. Whatever arrives once the call is answered or its stream closed is rightly
/// ignored: the two sides' frames cross on the wire.
package struct UnaryCallState: ~Copyable {
  private enum State: ~Copyable {
    case receiving(Receiving)
    case dispatched
    case answered
  }

  fileprivate struct Receiving: ~Copyable {
    var deframer: MessageDeframer
    var message: [UInt8]?
  }

  private var state: State

  private init(_ state: consuming State) {
    self.state = state
  }

  /// - Parameters:
  ///   - limitBytes: The greatest request message accepted, inflated or not.
  ///   - encoding: Of the request.
  package init(limitBytes: Int, encoding: MessageEncoding = .identity) {
    let deframer = MessageDeframer(limitBytes: limitBytes, encoding: encoding)
    self.init(.receiving(Receiving(deframer: deframer)))
  }
}

// MARK: - The request

extension UnaryCallState {
  package enum OnBytes: Equatable, Sendable {
    /// Nothing to do yet.
    case wait
    /// Answer with this status; the call is over.
    case refuse(GRPCStatus)
    case ignore
  }

  /// A part of the request body came.
  package mutating func receivedBytes(_ bytes: Span<UInt8>) -> OnBytes {
    switch consume self.state {
    case .receiving(var receiving):
      do throws(GRPCStatus) {
        try receiving.take(bytes)
        self = .init(.receiving(receiving))
        return .wait
      } catch {
        self = .init(.answered)
        return .refuse(error)
      }
    case .dispatched:
      self = .init(.dispatched)
      return .ignore
    case .answered:
      self = .init(.answered)
      return .ignore
    }
  }

  package enum OnEnd: Equatable, Sendable {
    /// The request is whole: decode the message and make the call.
    case dispatch(message: [UInt8])
    /// Answer with this status; the call is over.
    case refuse(GRPCStatus)
    case ignore
  }

  /// The caller has sent everything (END_STREAM).
  package mutating func receivedEnd() -> OnEnd {
    switch consume self.state {
    case .receiving(let receiving):
      do throws(GRPCStatus) {
        let message = try receiving.wholeMessage()
        self = .init(.dispatched)
        return .dispatch(message: message)
      } catch {
        self = .init(.answered)
        return .refuse(error)
      }
    case .dispatched:
      self = .init(.dispatched)
      return .ignore
    case .answered:
      self = .init(.answered)
      return .ignore
    }
  }
}

extension UnaryCallState {
  /// What is kept of the request: of a message that is whole, and was compressed, more than came.
  package var heldBytes: Int {
    switch self.state {
    case .receiving(let receiving): receiving.message?.count ?? receiving.deframer.heldBytes
    case .dispatched: 0
    case .answered: 0
    }
  }
}

// MARK: - The answer

extension UnaryCallState {
  package enum OnAnswer: Equatable, Sendable {
    /// Send it.
    case send
    /// The caller has its answer already, or has gone.
    case discard
  }

  /// The call returned, with a response or with a failure; or was refused before it was made.
  package mutating func answered() -> OnAnswer {
    switch consume self.state {
    case .receiving:
      self = .init(.answered)
      return .send
    case .dispatched:
      self = .init(.answered)
      return .send
    case .answered:
      self = .init(.answered)
      return .discard
    }
  }

  package enum OnDeadline: Equatable, Sendable {
    /// Cancel the call in progress and answer DEADLINE_EXCEEDED.
    case cancelAndRefuse
    /// No call was made yet: answer DEADLINE_EXCEEDED.
    case refuse
    case ignore
  }

  /// The caller's timeout ran out.
  package mutating func deadlinePassed() -> OnDeadline {
    switch consume self.state {
    case .receiving:
      self = .init(.answered)
      return .refuse
    case .dispatched:
      self = .init(.answered)
      return .cancelAndRefuse
    case .answered:
      self = .init(.answered)
      return .ignore
    }
  }

  package enum OnStreamClosed: Equatable, Sendable {
    /// Cancel the call in progress: nobody waits for it.
    case cancel
    case ignore
  }

  /// The stream is over: reset by the caller, or complete, or lost with its connection.
  package mutating func streamClosed() -> OnStreamClosed {
    switch consume self.state {
    case .receiving:
      self = .init(.answered)
      return .ignore
    case .dispatched:
      self = .init(.answered)
      return .cancel
    case .answered:
      self = .init(.answered)
      return .ignore
    }
  }
}

extension UnaryCallState.Receiving {
  /// Takes bytes for the one message there may be.
  mutating func take(_ bytes: Span<UInt8>) throws(GRPCStatus) {
    var position = 0
    while position < bytes.count {
      guard self.message == nil else {
        throw GRPCStatus(.unimplemented, "a unary call takes one message, and there are more")
      }
      do throws(DeframingError) {
        self.message = try self.deframer.nextMessage(in: bytes, from: &position)
      } catch {
        throw error.status
      }
    }
  }

  consuming func wholeMessage() throws(GRPCStatus) -> [UInt8] {
    do throws(DeframingError) {
      try self.deframer.finish()
    } catch {
      throw error.status
    }
    guard let message = self.message else {
      throw GRPCStatus(.unimplemented, "a unary call takes one message, and there is none")
    }
    return message
  }
}
