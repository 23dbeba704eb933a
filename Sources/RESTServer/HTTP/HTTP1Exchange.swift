// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One connection's exchanges, a request at a time (RFC 9112 §9.3).
///
///     idle ──head──▶ receiving ──end──▶ responding ──answer──▶ idle
///       │               │                   │
///       └───────────────┴── too large, late, malformed, last answer ──▶ closing ──▶ closed
///
/// What comes while an answer is pending is held back by the caller and fed when
/// ``takesInput`` says so; thus answers leave in the order of their requests, and a peer that does
/// not take its answers gets no more of them. Input that comes in `closing` and `closed` is the
/// peer's and is rightly ignored.
struct HTTP1Exchange: ~Copyable {
  typealias Limits = HTTP1Limits

  /// Why a request is refused before anybody looked at it: the peer's doing.
  enum Refusal: Equatable {
    case malformed
    case headersTooLarge
    case bodyTooLarge
    case tooSlow
    /// Ours: there is no room for it.
    case noMemory
  }

  private struct Receiving {
    var since: NIODeadline
    var bytesReceived = 0
    var keepAlive: Bool
  }

  private enum State {
    /// `headSince`: when the first byte of the next head came, if one did.
    case idle(since: NIODeadline, headSince: NIODeadline? = nil)
    case receiving(Receiving)
    case responding(keepAlive: Bool)
    case closing
    case closed
  }

  private var state: State
  private var draining = false
  /// Since when the peer takes nothing of what is written.
  private var blockedSince: NIODeadline?
  private let openedAt: NIODeadline
  private let limits: Limits

  init(limits: Limits, now: NIODeadline) {
    self.state = .idle(since: now)
    self.openedAt = now
    self.limits = limits
  }

  /// False while an answer is pending, or is not taken.
  var takesInput: Bool {
    guard self.blockedSince == nil else { return false }
    return switch self.state {
    case .idle, .receiving, .closing, .closed: true
    case .responding: false
    }
  }

  /// Bytes came. Of a request that is still without a head, the first ones start its time.
  mutating func receivedBytes(now: NIODeadline) {
    switch self.state {
    case .idle(let since, nil): self.state = .idle(since: since, headSince: now)
    case .idle, .receiving, .responding, .closing, .closed: break
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

  /// There is no room for the request that is coming in.
  mutating func memoryRefused() -> OnFailure {
    switch self.state {
    case .receiving:
      self.state = .closing
      return .refuse(.noMemory)
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
      let isOld = self.limits.age.map { now >= self.openedAt + $0 } ?? false
      let goesOn = keepAlive && !last && !self.draining && !isOld
      self.state = goesOn ? .idle(since: now) : .closing
      return .write(keepAlive: goesOn)
    case .idle, .receiving, .closing, .closed:
      return .discard
    }
  }

  /// More is written than the peer has room for.
  mutating func outboundBlocked(now: NIODeadline) {
    if self.blockedSince == nil { self.blockedSince = now }
  }

  /// The peer has taken what was written.
  mutating func outboundFreed() {
    self.blockedSince = nil
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
    if let blockedSince = self.blockedSince {
      let end = blockedSince + self.limits.send
      guard now >= end else { return .checkAgain(at: end) }
      self.state = .closing
      return .close
    }
    switch self.state {
    case .idle(_, let headSince?):
      let end = headSince + self.limits.receive
      guard now >= end else { return .checkAgain(at: end) }
      self.state = .closing
      return .refuse(.tooSlow)
    case .idle(let since, nil):
      let end = since + self.limits.idle
      // A request may begin in between, and its time is the shorter.
      guard now >= end else { return .checkAgain(at: min(end, self.nextLook(now))) }
      self.state = .closing
      return .close
    case .receiving(let receiving):
      let end = receiving.since + self.limits.receive
      guard now >= end else { return .checkAgain(at: end) }
      self.state = .closing
      return .refuse(.tooSlow)
    case .responding:
      // Whoever answers has limits of its own; the wait for the next request comes after.
      return .checkAgain(at: self.nextLook(now))
    case .closing, .closed:
      return .stop
    }
  }

  /// What begins after this look has its time over at the next, or little before.
  private func nextLook(_ now: NIODeadline) -> NIODeadline {
    now + min(self.limits.receive, self.limits.send)
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
