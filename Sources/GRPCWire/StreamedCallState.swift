// SPDX-License-Identifier: Apache-2.0

/// The server's side of one call that may have many messages, from its accepted headers until its
/// stream is closed.
///
///     open ──answer ended, deadline, closed──► over
///
/// What arrives is kept as bytes and cut into messages only when the next one is asked for, so a
/// caller that sends and does not read fills its flow-control window and no more. Whatever arrives
/// once the call is over is rightly ignored: the two sides' frames cross on the wire.
package struct StreamedCallState: ~Copyable {
  /// How many request messages a method takes.
  package enum Requests: Equatable, Sendable {
    /// Exactly one, handed out when it is known that no other follows.
    case one
    case many
  }

  private enum State: ~Copyable {
    case open(Open)
    case over
  }

  fileprivate struct Open: ~Copyable {
    let requests: Requests
    var deframer: MessageDeframer
    /// What came and is not yet cut; `position` is where to go on.
    var inbox: [UInt8] = []
    var position = 0
    var hasEnded = false
    /// The one message of a method that takes one.
    var message: [UInt8]?
    var taken = 0
  }

  private var state: State

  private init(_ state: consuming State) {
    self.state = state
  }

  /// - Parameters:
  ///   - limitBytes: The greatest request message accepted, inflated or not.
  ///   - encoding: Of the requests.
  package init(_ requests: Requests, limitBytes: Int, encoding: MessageEncoding = .identity) {
    let deframer = MessageDeframer(limitBytes: limitBytes, encoding: encoding)
    self.init(.open(Open(requests: requests, deframer: deframer)))
  }
}

// MARK: - The request

extension StreamedCallState {
  package enum OnArrival: Equatable, Sendable {
    /// There may be a message now: ``nextRequest()`` knows.
    case look
    /// Nobody wants it; its bytes count as consumed.
    case ignore
  }

  /// A part of the request body came.
  package mutating func receivedBytes(_ bytes: Span<UInt8>) -> OnArrival {
    switch consume self.state {
    case .open(var open):
      // The bytes are copied before the span ends.
      unsafe bytes.withUnsafeBufferPointer { unsafe open.inbox.append(contentsOf: $0) }
      self = .init(.open(open))
      return .look
    case .over:
      self = .init(.over)
      return .ignore
    }
  }

  /// The caller has sent everything (END_STREAM).
  package mutating func receivedEnd() -> OnArrival {
    switch consume self.state {
    case .open(var open):
      open.hasEnded = true
      self = .init(.open(open))
      return .look
    case .over:
      self = .init(.over)
      return .ignore
    }
  }

  package enum OnNextRequest: Equatable, Sendable {
    case message([UInt8])
    /// The next one is not whole yet.
    case wait
    /// There are no more.
    case ended
    /// End the call with this status.
    case refuse(GRPCStatus)
    case ignore
  }

  /// What is kept of the body, whether it is cut or not.
  var inboxBytes: Int {
    switch self.state {
    case .open(let open): open.inbox.count
    case .over: 0
    }
  }

  /// Cuts the next message from what came.
  ///
  /// - Parameter consumed: gets the bytes of the body that are done with.
  package mutating func nextRequest(consumed: inout Int) -> OnNextRequest {
    switch consume self.state {
    case .open(var open):
      do throws(GRPCStatus) {
        let next = try open.next(consumed: &consumed)
        self = .init(.open(open))
        return next
      } catch {
        self = .init(.open(open))
        return .refuse(error)
      }
    case .over:
      self = .init(.over)
      return .ignore
    }
  }
}

extension StreamedCallState {
  /// What is kept of the requests: what came and is not yet cut, and of a message that is whole, and
  /// was compressed, more than came.
  package var heldBytes: Int {
    switch self.state {
    case .open(let open):
      open.inbox.count - open.position + open.deframer.heldBytes + (open.message?.count ?? 0)
    case .over: 0
    }
  }
}

// MARK: - The answer

extension StreamedCallState {
  package enum OnEnd: Equatable, Sendable {
    /// Tell the caller how it ended.
    case send
    /// The caller knows already, or has gone.
    case discard
  }

  /// The call ends: all is said, or it failed, or its deadline passed.
  package mutating func ended() -> OnEnd {
    switch consume self.state {
    case .open:
      self = .init(.over)
      return .send
    case .over:
      self = .init(.over)
      return .discard
    }
  }

  package enum OnStreamClosed: Equatable, Sendable {
    /// Stop the work: nobody waits for it.
    case cancel
    case ignore
  }

  /// The stream is over: reset by the caller, or complete, or lost with its connection.
  package mutating func streamClosed() -> OnStreamClosed {
    switch consume self.state {
    case .open:
      self = .init(.over)
      return .cancel
    case .over:
      self = .init(.over)
      return .ignore
    }
  }
}

extension StreamedCallState.Open {
  mutating func next(
    consumed: inout Int
  ) throws(GRPCStatus) -> StreamedCallState.OnNextRequest {
    while let message = try self.cut(consumed: &consumed) {
      guard self.requests == .one else { return .message(message) }
      guard self.taken == 0 else {
        throw GRPCStatus(.unimplemented, "this method takes one message, and there are more")
      }
      self.taken = 1
      self.message = message
    }
    guard self.hasEnded else { return .wait }
    do throws(DeframingError) {
      try self.deframer.finish()
    } catch {
      throw error.status
    }
    if let message = self.message.take() { return .message(message) }
    guard self.requests == .many || self.taken > 0 else {
      throw GRPCStatus(.unimplemented, "this method takes one message, and there is none")
    }
    return .ended
  }

  /// What was cut is let go of once it is so much: seldom enough to cost nothing.
  private static var keptCutBytes: Int { 16_384 }

  private mutating func cut(consumed: inout Int) throws(GRPCStatus) -> [UInt8]? {
    guard self.position < self.inbox.count else { return nil }
    let inbox = self.inbox
    var position = self.position
    defer {
      consumed += position - self.position
      self.position = position
      if position == inbox.count {
        self.inbox = []
        self.position = 0
      } else if position >= Self.keptCutBytes {
        // One who always has the next request on its way must not make this grow for ever.
        self.inbox.removeFirst(position)
        self.position = 0
      }
    }
    do throws(DeframingError) {
      return try self.deframer.nextMessage(in: inbox.span, from: &position)
    } catch {
      throw error.status
    }
  }
}
