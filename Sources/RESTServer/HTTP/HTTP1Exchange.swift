// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One connection's exchanges, a request at a time (RFC 9112 §9.3).
///
///     idle ──head──▶ receiving ──end──▶ responding ──answer──▶ idle
///       │               │                   │
///       └───────────────┴── too large, late, malformed, last answer ──▶ closing ──▶ closed
///
/// What comes while an answer is pending is held back by the caller and fed when
/// ``takesInput`` says so; thus answers leave in the order of their requests. Input that comes in
/// `closing` and `closed` is the peer's and is rightly ignored.
struct HTTP1Exchange: ~Copyable {
  struct Limits: Equatable, Sendable {
    /// Bytes of a request's body. The largest that AWS takes is about 40 KiB.
    var bodyBytes = 128 * 1024
    /// How long a connection may wait for its next request.
    var idle = TimeAmount.seconds(120)
    /// How long a request may take from its head to its end.
    var receive = TimeAmount.seconds(30)
  }

  /// Why a request is refused before anybody looked at it: the peer's doing.
  enum Refusal: Equatable {
    case malformed
    case headersTooLarge
    case bodyTooLarge
    case tooSlow
  }

  private struct Receiving {
    var since: NIODeadline
    var bytesReceived = 0
    var keepAlive: Bool
  }

  private enum State {
    case idle(since: NIODeadline)
    case receiving(Receiving)
    case responding(keepAlive: Bool)
    case closing
    case closed
  }

  private var state: State
  private var draining = false
  private let limits: Limits

  init(limits: Limits, now: NIODeadline) {
    self.state = .idle(since: now)
    self.limits = limits
  }

  /// False while an answer is pending.
  var takesInput: Bool {
    switch self.state {
    case .idle, .receiving, .closing, .closed: true
    case .responding: false
    }
  }

  enum OnHead: Equatable {
    case collect
    /// As `collect`, after a `100 Continue`.
    case inviteBody
    case refuse(Refusal)
    case ignore
  }

  /// - Parameter declaredBytes: `content-length`, if there is one.
  mutating func receivedHead(
    keepAlive: Bool, declaredBytes: Int?, expectsContinue: Bool, now: NIODeadline
  ) -> OnHead {
    switch self.state {
    case .idle:
      if let declaredBytes, declaredBytes > self.limits.bodyBytes {
        self.state = .closing
        return .refuse(.bodyTooLarge)
      }
      self.state = .receiving(Receiving(since: now, keepAlive: keepAlive))
      return expectsContinue ? .inviteBody : .collect
    case .receiving, .responding, .closing, .closed:
      return .ignore
    }
  }

  enum OnBody: Equatable {
    case append
    case refuse(Refusal)
    case ignore
  }

  mutating func receivedBody(count: Int) -> OnBody {
    switch self.state {
    case .receiving(var receiving):
      receiving.bytesReceived += count
      guard receiving.bytesReceived <= self.limits.bodyBytes else {
        self.state = .closing
        return .refuse(.bodyTooLarge)
      }
      self.state = .receiving(receiving)
      return .append
    case .idle, .responding, .closing, .closed:
      return .ignore
    }
  }

  enum OnEnd: Equatable {
    case respond
    case ignore
  }

  mutating func receivedEnd() -> OnEnd {
    switch self.state {
    case .receiving(let receiving):
      self.state = .responding(keepAlive: receiving.keepAlive)
      return .respond
    case .idle, .responding, .closing, .closed:
      return .ignore
    }
  }

  enum OnFailure: Equatable {
    case refuse(Refusal)
    case ignore
  }

  /// The bytes are no HTTP, or break a limit of the parser. Nothing after them can be read.
  mutating func failedToParse(_ refusal: Refusal) -> OnFailure {
    switch self.state {
    case .idle, .receiving:
      self.state = .closing
      return .refuse(refusal)
    case .responding, .closing, .closed:
      return .ignore
    }
  }

  enum OnAnswer: Equatable {
    case write(keepAlive: Bool)
    /// The peer has gone.
    case discard
  }

  /// The answer is there. `last` closes the connection behind it, whatever the request wished.
  mutating func answered(last: Bool, now: NIODeadline) -> OnAnswer {
    switch self.state {
    case .responding(let keepAlive):
      let goesOn = keepAlive && !last && !self.draining
      self.state = goesOn ? .idle(since: now) : .closing
      return .write(keepAlive: goesOn)
    case .idle, .receiving, .closing, .closed:
      return .discard
    }
  }

  enum OnDrain: Equatable {
    case close
    /// A request is on its way in or its answer on its way out; the answer will be the last.
    case finish
    case ignore
  }

  mutating func drainRequested() -> OnDrain {
    self.draining = true
    switch self.state {
    case .idle:
      self.state = .closing
      return .close
    case .receiving, .responding:
      return .finish
    case .closing, .closed:
      return .ignore
    }
  }

  enum OnTimer: Equatable {
    case close
    case refuse(Refusal)
    case checkAgain(at: NIODeadline)
    case stop
  }

  mutating func timerFired(now: NIODeadline) -> OnTimer {
    switch self.state {
    case .idle(let since):
      let end = since + self.limits.idle
      // A request may begin in between, and its time is the shorter.
      guard now >= end else { return .checkAgain(at: min(end, now + self.limits.receive)) }
      self.state = .closing
      return .close
    case .receiving(let receiving):
      let end = receiving.since + self.limits.receive
      guard now >= end else { return .checkAgain(at: end) }
      self.state = .closing
      return .refuse(.tooSlow)
    case .responding:
      // Whoever answers has limits of its own; the wait for the next request comes after.
      return .checkAgain(at: now + self.limits.receive)
    case .closing, .closed:
      return .stop
    }
  }

  enum OnClosed: Equatable {
    case cancelResponder
    case ignore
  }

  mutating func connectionClosed() -> OnClosed {
    switch self.state {
    case .responding:
      self.state = .closed
      return .cancelResponder
    case .idle, .receiving, .closing, .closed:
      self.state = .closed
      return .ignore
    }
  }
}
