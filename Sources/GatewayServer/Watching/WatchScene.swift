// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobWatching
import JobsAPI
import NIOCore

/// Where a call that watches jobs happens, and who makes it.
struct WatchScene {
  let loop: any EventLoop
  let requestID: String
  /// Nil when neither a policy nor the audit log asks who calls.
  private(set) var access: CallAccess?
  /// Why the caller may make no call at all.
  let refusal: RPCFailure?
  /// Called from any thread when the call may have more to say.
  let newsArrived: @Sendable () -> Void

  init(
    _ method: StandardMethod, by caller: StreamedCaller, on loop: any EventLoop,
    newsArrived: @escaping @Sendable () -> Void
  ) {
    self.loop = loop
    self.requestID = caller.requestID
    self.newsArrived = newsArrived
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

  mutating func ended(_ code: GRPCStatusCode) {
    self.access?.ended(code, requestID: self.requestID)
  }

  func wake(at deadline: NIODeadline) -> Scheduled<Void> {
    let newsArrived = self.newsArrived
    return self.loop.scheduleTask(deadline: deadline) { newsArrived() }
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
