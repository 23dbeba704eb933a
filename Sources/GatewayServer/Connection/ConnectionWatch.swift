// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a connection looks like at one moment. Counters only grow.
struct ConnectionGlance: Equatable {
  /// The client's preface and SETTINGS are in.
  var isOpen = false
  /// The peer has begun a frame or a header block and not finished it.
  var isMidway = false
  var framesReceived = 0
  var bytesReceived = 0
  var bytesTaken = 0
  /// Something is ready that the peer has not taken.
  var hasUnsent = false
  var openStreams = 0
  /// Calls since the connection opened.
  var streamsOpened = 0
}

/// Decides what is due on one connection, from a glance now and then.
///
/// Between two glances it is told nothing, so what happens on the connection pays nothing for it. A
/// wait is measured from the first glance that finds it, so it lasts up to one interval longer
/// than was asked for, and never less.
struct ConnectionWatch {
  enum Due: Equatable {
    /// Nothing was said on the connection since the last glance: memory can go.
    case rest
    /// Ask the peer whether it is there.
    case ping
    /// No more calls, the graceful way.
    case drain(Reason)
    /// The calls that are left had their time.
    case close(Reason)
  }

  enum Reason: String, Equatable {
    case handshake = "no HTTP/2 preface in time"
    case frame = "a frame was begun and not finished in time"
    case write = "answers were not taken in time"
    case keepalive = "a PING was not answered in time"
    case idle = "no call for a long time"
    case age = "the connection has reached its age"
  }

  private let limits: ConnectionLimits
  private let openedAt: NIODeadline
  private let drainsAt: NIODeadline?
  private var last = ConnectionGlance()
  private var midwaySince: NIODeadline?
  private var unsentSince: NIODeadline?
  private var idleSince: NIODeadline
  private var heardAt: NIODeadline
  private var pingedAt: NIODeadline?
  private var isDraining = false
  /// When it was drained for its age.
  private var agedAt: NIODeadline?
  private var isResting = false

  /// - Parameter jitter: from 0 to 1; spreads the age by a tenth, so that connections that were
  ///   opened together do not all come back together.
  init(_ limits: ConnectionLimits, jitter: Double, now: NIODeadline) {
    self.limits = limits
    self.openedAt = now
    self.idleSince = now
    self.heardAt = now
    self.drainsAt = limits.maxAge.map { age in
      let spread = 0.9 + 0.2 * min(max(jitter, 0), 1)
      return now + .nanoseconds(Int64(Double(age.nanoseconds) * spread))
    }
  }

  /// What is due now.
  mutating func glanced(_ glance: ConnectionGlance, now: NIODeadline) -> [Due] {
    let isQuiet = glance == self.last
    let before = self.last
    self.note(glance, now: now)
    if let reason = self.overdue(glance, now: now) { return [.close(reason)] }
    var due: [Due] = []
    if let drain = self.drainDue(now: now) { due.append(.drain(drain)) }
    if let ping = self.pingDue(glance, now: now) { due.append(ping) }
    // Once for each time of silence.
    let mayRest = isQuiet && glance.openStreams == 0 && !glance.hasUnsent && before.isOpen
    if mayRest, !self.isResting { due.append(.rest) }
    self.isResting = mayRest
    return due
  }

  /// When to look again: later at a connection that rests, where little can be due.
  func nextGlance(after now: NIODeadline) -> NIODeadline {
    let isCalm = self.isResting && self.midwaySince == nil && self.pingedAt == nil
    return now + (isCalm ? self.limits.restInterval : self.limits.checkInterval)
  }

  /// The connection is drained by others: nothing here has to begin it.
  mutating func drainBegan() {
    self.isDraining = true
  }
}

extension ConnectionWatch {
  private mutating func note(_ glance: ConnectionGlance, now: NIODeadline) {
    if glance.bytesReceived != self.last.bytesReceived {
      self.heardAt = now
      self.pingedAt = nil
    }
    let isUsed = glance.openStreams > 0 || glance.streamsOpened != self.last.streamsOpened
    if isUsed { self.idleSince = now }
    let isSameFrame = glance.framesReceived == self.last.framesReceived
    if !glance.isMidway {
      self.midwaySince = nil
    } else if !isSameFrame || self.midwaySince == nil {
      self.midwaySince = now
    }
    if !glance.hasUnsent {
      self.unsentSince = nil
    } else if glance.bytesTaken != self.last.bytesTaken || self.unsentSince == nil {
      self.unsentSince = now
    }
    self.last = glance
  }

  private func overdue(_ glance: ConnectionGlance, now: NIODeadline) -> Reason? {
    if !glance.isOpen {
      return now - self.openedAt >= self.limits.handshakeTimeout ? .handshake : nil
    }
    if let since = self.midwaySince, now - since >= self.limits.frameTimeout { return .frame }
    if let since = self.unsentSince, now - since >= self.limits.writeTimeout { return .write }
    if let at = self.pingedAt, now - at >= self.limits.keepaliveTimeout { return .keepalive }
    if let at = self.agedAt, now - at >= self.limits.maxAgeGrace { return .age }
    return nil
  }

  private mutating func drainDue(now: NIODeadline) -> Reason? {
    guard !self.isDraining else { return nil }
    if let drainsAt = self.drainsAt, now >= drainsAt {
      self.isDraining = true
      self.agedAt = now
      return .age
    }
    if let timeout = self.limits.idleTimeout, now - self.idleSince >= timeout {
      self.isDraining = true
      return .idle
    }
    return nil
  }

  private mutating func pingDue(_ glance: ConnectionGlance, now: NIODeadline) -> Due? {
    guard glance.isOpen, self.pingedAt == nil, let interval = self.limits.keepaliveInterval,
      now - self.heardAt >= interval
    else { return nil }
    self.pingedAt = now
    return .ping
  }
}
