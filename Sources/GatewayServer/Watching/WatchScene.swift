// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobWatching
import JobsAPI
import NIOCore

/// What the calls that watch jobs have in common: who makes one and where, its place among the
/// watchers, and how long it lasts.
struct WatchScene {
  let watches: JobWatches
  let loop: any EventLoop
  /// Why the caller may make no call at all.
  let refusal: RPCFailure?
  /// Called from any thread when the call may have more to say.
  let newsArrived: @Sendable () -> Void
  /// Given back when the call ends.
  var place: WatchPlace?
  var life: WatchLife
  private let requestID: String
  /// Nil when neither a policy nor the audit log asks who calls.
  private var access: CallAccess?
  private var timer: Scheduled<Void>?

  init(
    _ method: StandardMethod, of watches: JobWatches, by caller: StreamedCaller,
    on loop: any EventLoop, newsArrived: @escaping @Sendable () -> Void
  ) {
    self.watches = watches
    self.loop = loop
    self.requestID = caller.requestID
    self.newsArrived = newsArrived
    self.life = WatchLife(
      watches.settings.longestWatch, heartbeat: watches.settings.heartbeat,
      jitter: .random(in: 0...1), now: loop.now)
    var access = caller.access.map {
      CallAccess(.standard(method), by: $0.caller(caller.authorization), under: $0.control)
    }
    self.refusal = access?.admitCaller()
    self.access = access
  }

  /// Asks whether all calls that this one stands for may be made.
  mutating func authorize(_ calls: [JobsCall]) -> RPCFailure? {
    for call in calls {
      if let failure = self.access?.authorize(call) { return failure }
    }
    return nil
  }

  /// There is nothing to say now. The call is woken when there must be.
  mutating func waits(beating: Bool, _ now: NIODeadline) {
    guard let wakesAt = self.life.waits(beating: beating, now) else { return }
    let newsArrived = self.newsArrived
    self.timer = self.loop.scheduleTask(deadline: wakesAt) { newsArrived() }
  }

  mutating func ended(_ code: GRPCStatusCode) {
    self.timer?.cancel()
    if let place = self.place.take() { self.watches.stop(place) }
    self.access?.ended(code, requestID: self.requestID)
  }
}

extension RPCFailure {
  /// The end of a call that lasted long enough.
  static let watchExpired = RPCFailure(
    .unavailable, .watchExpired,
    message: "the call has lasted as long as one may; call again",
    retry: .elsewhere)

  static func tooManyWatches(_ limit: Int, _ what: String) -> RPCFailure {
    RPCFailure(
      .resourceExhausted, .tooManyWatches,
      message: "this gateway serves \(limit) \(what) at most",
      retry: .after(milliseconds: StatusMapping.throttledDelayMilliseconds))
  }

  init(_ refusal: WatchRefusal) {
    switch refusal {
    case .watchers(let limit): self = .tooManyWatches(limit, "watches and waits")
    case .things(let limit): self = .tooManyWatches(limit, "watched things")
    }
  }

  static func invalidToken() -> RPCFailure {
    StatusMapping.invalid([
      FieldViolation(field: "resume_token", rule: "must be one that this method answered with")
    ])
  }
}
