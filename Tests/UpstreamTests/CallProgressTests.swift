// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing
import Transport

@testable import Upstream

@Suite struct CallProgressTests {
  @Test(arguments: JobsOperation.allCases)
  func `what was not sent on a used connection is repeated once`(operation: JobsOperation) {
    var progress = CallProgress(operation)
    #expect(!progress.needsFreshConnection)
    #expect(
      progress.failed(.notSent(reused: true), withinCallersDeadline: false)
        == .repeatOnFreshConnection)
    #expect(progress.needsFreshConnection && progress.attempts == 1)
    #expect(
      progress.failed(.notSent(reused: true), withinCallersDeadline: false)
        == .fail(.unreachable("upstream connection closed while the request was sent")))
    #expect(progress.attempts == 2)
  }

  @Test(arguments: [
    (JobsOperation.describe, true), (.getPending, true), (.startNext, true), (.update, false),
  ])
  func `what may have been received is repeated only where that is harmless`(
    operation: JobsOperation, isRepeated: Bool
  ) {
    var progress = CallProgress(operation)
    let answer = progress.failed(
      .closedBeforeResponse(reused: true), withinCallersDeadline: false)
    #expect((answer == .repeatOnFreshConnection) == isRepeated)
    #expect(progress.mayHaveBeenApplied == operation.isWrite)
  }

  @Test(arguments: JobsOperation.allCases)
  func `what a policy repeats is not repeated here as well`(operation: JobsOperation) {
    for failure in [
      ExchangeFailure.notSent(reused: true), .closedBeforeResponse(reused: true),
    ] {
      var progress = CallProgress(operation, isFirstAttempt: false)
      #expect(
        progress.failed(failure, withinCallersDeadline: false) != .repeatOnFreshConnection)
    }
    // A signature that is mended was not looked beyond.
    var progress = CallProgress(operation, isFirstAttempt: false)
    #expect(progress.mended(.clock) == true)
    #expect(progress.mended(.clock) == false)
    #expect(progress.mended(.credential) == true)
    #expect(progress.mended(.credential) == false)
  }

  @Test(arguments: JobsOperation.allCases)
  func `a fresh connection's failure is not repeated`(operation: JobsOperation) {
    for failure in [
      ExchangeFailure.closedBeforeResponse(reused: false), .notSent(reused: false), .interrupted,
      .connectFailed(.timedOut), .timedOut(requestSent: false), .malformedResponse(.notHTTP),
      .queueFull(limit: 1), .draining, .cancelled(requestSent: false),
    ] {
      var progress = CallProgress(operation)
      #expect(
        progress.failed(failure, withinCallersDeadline: false) != .repeatOnFreshConnection)
    }
  }

  @Test(arguments: [
    (
      ExchangeFailure.queueFull(limit: 7),
      JobsFailure.Cause.overloaded("7 calls wait for an upstream connection already"), 0
    ),
    (.draining, .draining, 0),
    (.connectFailed(.native(errno: 111)), .unreachable("connection refused"), 0),
    (
      .notSent(reused: false),
      .unreachable("upstream connection closed while the request was sent"), 1
    ),
    (
      .closedBeforeResponse(reused: false),
      .interrupted("upstream connection closed without a response"), 1
    ),
    (.interrupted, .interrupted("upstream connection closed within the response"), 1),
    (.malformedResponse(.bodyTooLarge(limit: 9)), .malformedResponse("body over 9 bytes"), 1),
    (.timedOut(requestSent: false), .attemptTimedOut(requestSent: false), 0),
    (.timedOut(requestSent: true), .attemptTimedOut(requestSent: true), 1),
    (.firstByteTimedOut(requestSent: false), .attemptTimedOut(requestSent: false), 1),
    (.firstByteTimedOut(requestSent: true), .attemptTimedOut(requestSent: true), 1),
    (.cancelled(requestSent: false), .cancelled(mayHaveBeenApplied: false), 0),
    (.cancelled(requestSent: true), .cancelled(mayHaveBeenApplied: true), 1),
  ])
  func `each failure has its cause`(
    failure: ExchangeFailure, cause: JobsFailure.Cause, attempts: Int
  ) {
    var progress = CallProgress(.update)
    #expect(progress.failed(failure, withinCallersDeadline: false) == .fail(cause))
    #expect(progress.attempts == attempts)
  }

  @Test(arguments: [(JobsOperation.update, true), (.startNext, true), (.describe, false)])
  func `a deadline is the caller's if it was the nearer one`(
    operation: JobsOperation, maybe: Bool
  ) {
    var progress = CallProgress(operation)
    #expect(
      progress.failed(.timedOut(requestSent: true), withinCallersDeadline: true)
        == .fail(.deadlineExceeded(mayHaveBeenApplied: maybe)))
  }

  @Test(arguments: [
    (
      ExchangeFailure.connectFailed(.timedOut),
      JobsFailure.Cause.interrupted("upstream connection closed without a response")
    ),
    (.queueFull(limit: 1), .interrupted("upstream connection closed without a response")),
    (.timedOut(requestSent: false), .attemptTimedOut(requestSent: true)),
    (.cancelled(requestSent: false), .cancelled(mayHaveBeenApplied: true)),
  ])
  func `a second attempt does not make the first one unsent`(
    second: ExchangeFailure, cause: JobsFailure.Cause
  ) {
    var progress = CallProgress(.startNext)
    #expect(
      progress.failed(.closedBeforeResponse(reused: true), withinCallersDeadline: false)
        == .repeatOnFreshConnection)
    #expect(progress.failed(second, withinCallersDeadline: false) == .fail(cause))
  }

  @Test(arguments: [
    (AWSErrorKind.throttled, false), (.serviceUnavailable, false), (.credentialsExpired, false),
    (.unknown, false), (.resourceNotFound, true), (.invalidRequest, true),
  ])
  func `a refusal speaks for an earlier attempt only if the service looked`(
    kind: AWSErrorKind, speaks: Bool
  ) {
    let refusal = JobsFailure.Cause.refused(
      AWSRefusal(name: "X", httpStatus: 400, message: "", kind: kind))
    var progress = CallProgress(.startNext)
    #expect(progress.cause(ofRefusal: refusal) == refusal)
    _ = progress.failed(.closedBeforeResponse(reused: true), withinCallersDeadline: false)
    let later = progress.cause(ofRefusal: refusal)
    #expect((later == refusal) == speaks)
    if !speaks { #expect(later == .interrupted("upstream connection closed without a response")) }
  }
}
