// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Transport

/// What one call has been through: whether a failed attempt is repeated here, and what its failure
/// is called.
///
/// Repeated here is what this room alone can mend, once for each reason: a request on a connection
/// that had lain idle, and was closed by its peer before any byte of a response, which a new
/// connection answers, as the peer mostly left before it saw the request; and a request whose
/// signature was refused for the time or the credential in it, when there is a better one. All
/// further retries are a policy's, and of its attempts only the first is spared a deserted
/// connection: to an upstream that leaves them all, each would be sent twice.
struct CallProgress: Equatable {
  enum OnFailure: Equatable {
    case repeatOnFreshConnection
    case fail(JobsFailure.Cause)
  }

  /// What of a signature is other than before.
  enum Mending: Equatable {
    case clock
    case credential
  }

  let operation: JobsOperation
  private let isFirstAttempt: Bool
  /// Requests handed to the network.
  private(set) var attempts = 0
  /// Where the time went so far.
  var stages = StageTimes()
  /// A write of an earlier attempt may have been carried out.
  private(set) var mayHaveBeenApplied = false
  private var hasRepeated = false
  private var hasMendedClock = false
  private var hasMendedCredential = false

  /// - Parameter isFirstAttempt: no policy repeats anything yet.
  init(_ operation: JobsOperation, isFirstAttempt: Bool = true) {
    self.operation = operation
    self.isFirstAttempt = isFirstAttempt
  }

  var trace: UpstreamTrace {
    var trace = UpstreamTrace(attempts: self.attempts)
    trace.stages = self.stages
    return trace
  }

  /// Only a new connection will do for the next attempt.
  var needsFreshConnection: Bool { self.hasRepeated }

  /// A response came.
  mutating func answered() {
    self.attempts += 1
  }

  /// The signature was refused, and the next one is another. Answers whether there is a next one.
  ///
  /// A refused signature is that of a request which nobody looked at any further, so that writes are
  /// repeated like reads.
  mutating func mended(_ mending: Mending) -> Bool {
    switch mending {
    case .clock:
      defer { self.hasMendedClock = true }
      return !self.hasMendedClock
    case .credential:
      defer { self.hasMendedCredential = true }
      return !self.hasMendedCredential
    }
  }

  /// - Parameter withinCallersDeadline: the attempt's time was cut short by the caller's deadline.
  mutating func failed(
    _ failure: ExchangeFailure, withinCallersDeadline: Bool
  ) -> OnFailure {
    if failure.tookConnection {
      self.attempts += 1
    }
    let wasApplied = self.operation.isWrite && failure.mayHaveBeenApplied
    self.mayHaveBeenApplied = self.mayHaveBeenApplied || wasApplied
    if self.isFirstAttempt, !self.hasRepeated, self.isRepeatable(failure) {
      self.hasRepeated = true
      return .repeatOnFreshConnection
    }
    return .fail(self.cause(of: failure, withinCallersDeadline: withinCallersDeadline))
  }

  /// An update is not repeated once it may have been received: the second one would be applied
  /// again, or refused for what the first one did. StartNext answers with the same job again.
  private func isRepeatable(_ failure: ExchangeFailure) -> Bool {
    switch failure {
    case .notSent(reused: true): true
    case .closedBeforeResponse(reused: true): self.operation != .update
    default: false
    }
  }

  private func cause(
    of failure: ExchangeFailure, withinCallersDeadline: Bool
  ) -> JobsFailure.Cause {
    switch failure {
    case .timedOut where withinCallersDeadline:
      return .deadlineExceeded(mayHaveBeenApplied: self.mayHaveBeenApplied)
    case .timedOut(let requestSent), .firstByteTimedOut(let requestSent):
      return .attemptTimedOut(requestSent: requestSent || self.mayHaveBeenApplied)
    case .cancelled:
      return .cancelled(mayHaveBeenApplied: self.mayHaveBeenApplied)
    case .malformedResponse(let malformation):
      return .malformedResponse(malformation.words)
    case .closedBeforeResponse, .interrupted:
      return .interrupted(failure.words)
    case .queueFull:
      return self.unlessApplied(.overloaded(failure.words))
    case .draining:
      return self.unlessApplied(.draining)
    case .connectFailed, .notSent:
      return self.unlessApplied(.unreachable(failure.words))
    }
  }

  /// What a refusal is called: one that was made before the service looked at the call tells nothing
  /// of an earlier attempt that may have been carried out.
  func cause(ofRefusal cause: JobsFailure.Cause) -> JobsFailure.Cause {
    guard case .refused = cause, cause.writeOutcome == .notReceived else { return cause }
    return self.unlessApplied(cause)
  }

  /// What says "surely not received" must not be said of a call whose first attempt may have been.
  func unlessApplied(_ cause: JobsFailure.Cause) -> JobsFailure.Cause {
    self.mayHaveBeenApplied
      ? .interrupted(ExchangeFailure.closedBeforeResponse(reused: true).words) : cause
  }
}

extension ExchangeFailure {
  /// True if the request was written to a connection.
  fileprivate var tookConnection: Bool {
    switch self {
    case .queueFull, .draining, .connectFailed: false
    case .timedOut(let requestSent), .cancelled(let requestSent): requestSent
    case .notSent, .firstByteTimedOut, .closedBeforeResponse, .interrupted, .malformedResponse: true
    }
  }

  /// For an operator and for the caller's error text. Nothing of the peer's stands in it.
  var words: String {
    switch self {
    case .queueFull(let limit): "\(limit) calls wait for an upstream connection already"
    case .draining: "the gateway is shutting down"
    case .connectFailed(let failure): failure.words
    case .notSent: "upstream connection closed while the request was sent"
    case .closedBeforeResponse: "upstream connection closed without a response"
    case .interrupted: "upstream connection closed within the response"
    case .malformedResponse(let malformation): malformation.words
    case .timedOut(requestSent: true), .firstByteTimedOut: "no response in time"
    case .timedOut(requestSent: false): "no upstream connection in time"
    case .cancelled: "cancelled"
    }
  }

  /// A label for metrics.
  var label: String {
    let error: AttemptError =
      switch self {
      case .queueFull, .draining: .overloaded
      case .connectFailed: .connect
      case .notSent, .closedBeforeResponse, .interrupted: .closed
      case .malformedResponse: .malformedResponse
      case .timedOut, .firstByteTimedOut: .timeout
      case .cancelled: .cancelled
      }
    return error.rawValue
  }
}
