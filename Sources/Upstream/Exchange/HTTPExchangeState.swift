// SPDX-License-Identifier: Apache-2.0

/// One connection's exchanges, one after the other: a request out, a response in (RFC 9112 §9.3).
///
/// It knows the order of events and counts bytes. It holds neither bytes nor sockets.
///
/// ```
///            begin                 head              end                     read complete
///   idle ───────────► awaiting ───────────► reading ───────► complete ──────────────────────► idle
///    │ bytes             │ closed, failed,     │               │ more bytes, closed,
///    ▼                   ▼ timed out           ▼               ▼ not kept alive
///  closed ◄──────────────┴─────────────────────┴───────────────┘
/// ```
///
/// A response is whole at its end, but the connection is free only when the read that brought the
/// end is over: what else came with it belongs to nobody, and tells that this server and this client
/// disagree about where responses end.
///
/// Illegal events: a second `begin` is our own mistake and is refused; everything the peer can do
/// wrong closes the connection; what arrives after the close is ignored.
package struct HTTPExchangeState: ~Copyable {
  package enum OnBegin: Equatable {
    case write
    /// Busy or closed.
    case refuse
  }

  package enum OnBytes: Equatable {
    case pass
    /// Nobody asked for them. The connection is of no more use.
    case close
    case drop
  }

  package enum OnHead: Equatable {
    case read
    /// An interim response; the final one follows.
    case skip
    case fail(ExchangeFailure)
    case ignore
  }

  package enum OnBody: Equatable {
    case append
    case fail(ExchangeFailure)
    case ignore
  }

  package enum OnReadComplete: Equatable {
    case succeed(reusable: Bool)
    case nothing
  }

  package enum OnClosed: Equatable {
    case succeed
    case fail(ExchangeFailure)
    /// No exchange was on.
    case nothing
  }

  /// What every exchange carries from begin to end.
  private struct Exchange {
    /// The connection lay idle before, so its peer may have closed it unseen.
    var reused: Bool
    /// The kernel has taken the whole request.
    var requestSent = false
    /// Any byte has come back.
    var sawBytes = false
  }

  private enum State {
    case idle
    case awaiting(Exchange)
    case reading(Exchange, bodyBytes: Int, keepAlive: Bool)
    case complete(reusable: Bool)
    case closed
  }

  private let maxBodyBytes: Int
  private var state = State.idle

  /// - Parameter maxBodyBytes: a longer response body fails its exchange.
  package init(maxBodyBytes: Int) {
    self.maxBodyBytes = maxBodyBytes
  }

  package var isOpen: Bool {
    if case .closed = self.state { false } else { true }
  }
}

// MARK: - Ours

extension HTTPExchangeState {
  package mutating func begin(reused: Bool) -> OnBegin {
    guard case .idle = self.state else {
      return .refuse
    }
    self.state = .awaiting(Exchange(reused: reused))
    return .write
  }

  /// The kernel took the last byte of the request.
  package mutating func requestSent() {
    switch self.state {
    case .awaiting(var exchange):
      exchange.requestSent = true
      self.state = .awaiting(exchange)
    case .reading(var exchange, let bodyBytes, let keepAlive):
      exchange.requestSent = true
      self.state = .reading(exchange, bodyBytes: bodyBytes, keepAlive: keepAlive)
    case .idle, .complete, .closed:
      return
    }
  }

  /// The time for this exchange is over.
  package mutating func timedOut() -> OnClosed {
    self.end { .timedOut(requestSent: $0.requestSent) }
  }

  /// The time for the response to begin is over.
  package mutating func firstByteTimedOut() -> OnClosed {
    self.end { .firstByteTimedOut(requestSent: $0.requestSent) }
  }

  /// An exchange is on, and nothing has come back.
  package var awaitsFirstByte: Bool {
    if case .awaiting(let exchange) = self.state { !exchange.sawBytes } else { false }
  }

  /// Whoever asked is gone.
  package mutating func cancelled() -> OnClosed {
    self.end { .cancelled(requestSent: $0.requestSent) }
  }
}

// MARK: - The peer's

extension HTTPExchangeState {
  /// Bytes came in, not yet parsed.
  package mutating func receivedBytes() -> OnBytes {
    switch self.state {
    case .idle:
      self.state = .closed
      return .close
    case .awaiting(var exchange):
      exchange.sawBytes = true
      self.state = .awaiting(exchange)
      return .pass
    case .reading:
      return .pass
    case .complete:
      self.state = .complete(reusable: false)
      return .drop
    case .closed:
      return .drop
    }
  }

  /// - Parameter contentLength: as announced; nil if it was not, or cannot be read.
  package mutating func receivedHead(
    status: Int, keepAlive: Bool, contentLength: Int?
  ) -> OnHead {
    switch self.state {
    case .idle:
      self.state = .closed
      return .ignore
    case .awaiting(let exchange):
      if status == 101 {
        self.state = .closed
        return .fail(.malformedResponse(.upgrade))
      }
      if status < 200 {
        return .skip
      }
      guard (contentLength ?? 0) <= self.maxBodyBytes else {
        self.state = .closed
        return .fail(.malformedResponse(.bodyTooLarge(limit: self.maxBodyBytes)))
      }
      self.state = .reading(exchange, bodyBytes: 0, keepAlive: keepAlive)
      return .read
    case .reading:
      self.state = .closed
      return .fail(.malformedResponse(.notHTTP))
    case .complete:
      self.state = .complete(reusable: false)
      return .ignore
    case .closed:
      return .ignore
    }
  }

  package mutating func receivedBody(count: Int) -> OnBody {
    switch self.state {
    case .reading(let exchange, let bodyBytes, let keepAlive):
      guard count <= self.maxBodyBytes - bodyBytes else {
        self.state = .closed
        return .fail(.malformedResponse(.bodyTooLarge(limit: self.maxBodyBytes)))
      }
      self.state = .reading(exchange, bodyBytes: bodyBytes + count, keepAlive: keepAlive)
      return .append
    case .idle, .awaiting, .complete, .closed:
      return .ignore
    }
  }

  package mutating func receivedEnd() {
    guard case .reading(let exchange, _, let keepAlive) = self.state else {
      return
    }
    // An answer to half a request leaves the other half in the way of the next.
    self.state = .complete(reusable: keepAlive && exchange.requestSent)
  }

  /// The read that brought the last events is over.
  package mutating func readComplete() -> OnReadComplete {
    guard case .complete(let reusable) = self.state else {
      return .nothing
    }
    self.state = reusable ? .idle : .closed
    return .succeed(reusable: reusable)
  }

  /// The bytes are no HTTP/1.1 response.
  package mutating func malformed(_ malformation: ExchangeFailure.Malformation) -> OnClosed {
    self.end { _ in .malformedResponse(malformation) }
  }

  /// The connection is closed, by whomever.
  package mutating func closed() -> OnClosed {
    self.end { exchange in
      if exchange.sawBytes {
        return .interrupted
      }
      // Half a request is no request: nothing that was not sent whole was carried out.
      return exchange.requestSent
        ? .closedBeforeResponse(reused: exchange.reused) : .notSent(reused: exchange.reused)
    }
  }

  /// Closes, and fails the exchange if one is on.
  private mutating func end(_ failure: (Exchange) -> ExchangeFailure) -> OnClosed {
    switch self.state {
    case .idle, .closed:
      self.state = .closed
      return .nothing
    case .awaiting(let exchange), .reading(let exchange, _, _):
      self.state = .closed
      return .fail(failure(exchange))
    case .complete:
      self.state = .closed
      return .succeed
    }
  }
}
