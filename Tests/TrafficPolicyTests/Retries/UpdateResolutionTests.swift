// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

private typealias OnEvent = UpdateResolution.OnEvent

/// How the first two attempts ended, and what is done then.
struct ResolutionCase: Sendable, CustomTestStringConvertible {
  var name: String
  var update: UpdateJobExecution
  var first: JobsFailure.Cause
  /// Nil if the update is not sent a second time.
  var second: JobsFailure.Cause?
  var event: UpdateResolution.OnEvent

  init(
    _ name: String, _ update: UpdateJobExecution, _ first: JobsFailure.Cause,
    _ second: JobsFailure.Cause?, _ event: UpdateResolution.OnEvent
  ) {
    self.name = name
    self.update = update
    self.first = first
    self.second = second
    self.event = event
  }

  var testDescription: String { self.name }

  private static let progress = Ends.update(.inProgress)
  private static let versioned = Ends.update(.inProgress, expecting: 3)
  private static let end = Ends.update(.succeeded)
  private static let own = Ends.state(.inProgress, 4)
  private static let foreign = Ends.state(.inProgress, 4, [("by", "b")])
  private static let claim = Ends.update(.inProgress, expecting: 3, [("by", "a")])

  static let all: [ResolutionCase] = Self.once + Self.twice + Self.refused + Self.ended

  static let once: [ResolutionCase] = [
    .init("refused at once", Self.end, Ends.transition(), nil, .fail(Ends.transition())),
    .init("not found", Self.versioned, Ends.notFound, nil, .fail(Ends.notFound)),
    .init("denied", Self.versioned, Ends.denied, nil, .fail(Ends.denied)),
    .init(
      "the budget is used up", Self.end, .budgetExhausted(.write, retryAfterMilliseconds: 1), nil,
      .fail(.budgetExhausted(.write, retryAfterMilliseconds: 1))),
    .init(
      "the caller left before it was sent", Self.end, .cancelled(mayHaveBeenApplied: false), nil,
      .fail(.cancelled(mayHaveBeenApplied: false))),
    .init(
      "the caller left after it was sent", Self.end, .cancelled(mayHaveBeenApplied: true), nil,
      .fail(.cancelled(mayHaveBeenApplied: true))),
    .init(
      "the deadline passed after it was sent", Self.versioned,
      .deadlineExceeded(mayHaveBeenApplied: true), nil,
      .fail(.deadlineExceeded(mayHaveBeenApplied: true))),
    .init("progress in doubt is left alone", Self.progress, Ends.reset, nil, .fail(Ends.reset)),
    .init("a failure in doubt is looked for", Ends.update(.failed), Ends.reset, nil, .look),
  ]

  static let twice: [ResolutionCase] = [
    .init("never received, twice", Self.progress, Ends.refusedConnection, Ends.throttled, .send),
    .init(
      "never received, then in doubt", Self.progress, Ends.unavailable, Ends.timeout,
      .fail(Ends.timeout)),
    .init(
      "never received, then refused", Self.end, Ends.throttled, Ends.transition(),
      .fail(Ends.transition())),
    .init("in doubt, twice", Self.versioned, Ends.reset, Ends.badGateway, .send),
    .init("in doubt, then cannot connect", Self.end, Ends.timeout, Ends.refusedConnection, .send),
    .init("in doubt, then throttled", Self.end, Ends.internalFailure, Ends.throttled, .send),
    .init("in doubt, then denied", Self.end, Ends.reset, Ends.denied, .look),
    .init(
      "in doubt, then left alone", Self.end, Ends.reset,
      .circuitOpen(retryAfterMilliseconds: 9), .look),
    .init(
      "in doubt, then the budget is used up", Self.versioned, Ends.reset,
      .budgetExhausted(.write, retryAfterMilliseconds: 1), .look),
    .init(
      "in doubt, then the deadline before it is sent", Self.versioned, Ends.reset,
      .deadlineExceeded(mayHaveBeenApplied: false),
      .fail(.deadlineExceeded(mayHaveBeenApplied: true))),
    .init(
      "in doubt, then the caller leaves", Self.end, Ends.reset,
      .cancelled(mayHaveBeenApplied: false), .fail(.cancelled(mayHaveBeenApplied: true))),
  ]

  static let refused: [ResolutionCase] = [
    .init(
      "its own version", Self.versioned, Ends.reset, Ends.mismatch(Self.own), .succeed(Self.own)),
    .init(
      "its own version, in the words of a transition", Self.versioned, Ends.reset,
      Ends.transition(Self.own), .succeed(Self.own)),
    .init(
      "somebody else's", Self.claim, Ends.reset, Ends.mismatch(Self.foreign),
      .fail(Ends.mismatch(Self.foreign))),
    .init(
      "two versions on", Self.versioned, Ends.reset, Ends.mismatch(Ends.state(.inProgress, 5)),
      .look),
    .init("a mismatch without a state", Self.versioned, Ends.timeout, Ends.mismatch(), .look),
    .init(
      "never there, or deleted since", Self.versioned, Ends.reset, Ends.notFound,
      .fail(Ends.reset)),
    .init("never valid", Self.versioned, Ends.reset, Ends.invalid, .fail(Ends.invalid)),
  ]

  static let ended: [ResolutionCase] = [
    .init(
      "its own end", Self.end, Ends.reset, Ends.transition(Ends.state(.succeeded, 8)),
      .succeed(Ends.state(.succeeded, 8))),
    .init(
      "another end", Self.end, Ends.timeout, Ends.transition(Ends.state(.canceled, 8)),
      .fail(Ends.transition(Ends.state(.canceled, 8)))),
    .init(
      "its own end with another's details", Ends.update(.succeeded, [("by", "a")]), Ends.reset,
      Ends.transition(Ends.state(.succeeded, 8, [("by", "b")])),
      .fail(Ends.transition(Ends.state(.succeeded, 8, [("by", "b")])))),
    .init("a transition without a state", Self.end, Ends.reset, Ends.transition(), .look),
    .init("terminal, and no state", Self.end, Ends.reset, Ends.terminal, .look),
    .init(
      "refused although it has not ended", Self.end, Ends.reset,
      Ends.transition(Ends.state(.inProgress, 8)), .look),
  ]
}

@Suite struct UpdateResolutionTests {
  private static let end = Ends.update(.succeeded)

  /// A machine that is looking, after an update in doubt whose repeat was refused like this.
  private static func looking(
    _ update: UpdateJobExecution, after refusal: JobsFailure.Cause? = nil
  ) -> UpdateResolution {
    var resolution = UpdateResolution(update)
    if resolution.attemptFailed(Ends.reset) == .send {
      if let refusal {
        #expect(resolution.attemptFailed(refusal) == .look)
      } else {
        #expect(resolution.repeatDenied(Ends.reset) == .look)
      }
    }
    return resolution
  }

  @Test(arguments: ResolutionCase.all)
  func `each end of one attempt after that of another has its answer`(
    resolutionCase: ResolutionCase
  ) {
    var resolution = UpdateResolution(resolutionCase.update)
    var event = resolution.attemptFailed(resolutionCase.first)
    if let second = resolutionCase.second {
      #expect(event == .send)
      event = resolution.attemptFailed(second)
    }
    #expect(event == resolutionCase.event)
    // What has ended stays so.
    switch event {
    case .succeed, .fail:
      #expect(resolution.attemptFailed(Ends.reset) == event)
      #expect(resolution.repeatDenied(Ends.reset) == event)
      #expect(resolution.looked(nil) == event)
      #expect(resolution.lookFailed(Ends.terminal) == event)
      #expect(resolution.lookDenied() == event)
    case .send, .look: break
    }
  }

  @Test(arguments: [
    Ends.refusedConnection, Ends.reset, Ends.timeout, Ends.throttled, Ends.unavailable,
    Ends.internalFailure, Ends.badGateway, .malformedResponse("garbage"),
    .attemptTimedOut(requestSent: false),
  ])
  func `an update is in doubt after what leaves it in doubt, and not before`(
    cause: JobsFailure.Cause
  ) {
    var resolution = UpdateResolution(Self.end)
    var hasDoubted = resolution.hasDoubted
    #expect(!hasDoubted)
    #expect(resolution.attemptFailed(cause) == .send)
    hasDoubted = resolution.hasDoubted
    #expect(hasDoubted == (cause.writeOutcome == .uncertain))
    // Without another attempt, it is looked for if need be.
    let event = resolution.repeatDenied(cause)
    #expect(event == (hasDoubted ? .look : .fail(cause)))
  }

  @Test func `what is seen decides`() {
    var own = Self.looking(Self.end)
    #expect(
      own.looked(Ends.execution(Ends.state(.succeeded, 8)))
        == .succeed(Ends.state(.succeeded, 8)))
    var foreign = Self.looking(Self.end)
    #expect(
      foreign.looked(Ends.execution(Ends.state(.failed, 8)))
        == .fail(.overtaken(Ends.state(.failed, 8))))
    var nothing = Self.looking(Self.end)
    #expect(nothing.looked(Ends.execution(Ends.state(.inProgress, 8))) == .fail(Ends.reset))
    var absent = Self.looking(Self.end)
    #expect(absent.looked(nil) == .fail(Ends.reset))
    #expect(absent.lookDenied() == .fail(Ends.reset))
  }

  @Test func `a refusal that is proved is AWS's own, with the state that was seen`() {
    let state = Ends.state(.succeeded, 4)
    var mismatch = Self.looking(Ends.update(.inProgress, expecting: 3), after: Ends.mismatch())
    #expect(mismatch.looked(Ends.execution(state)) == .fail(Ends.mismatch(state)))
    var transition = Self.looking(Self.end, after: Ends.transition())
    let failed = Ends.state(.failed, 4)
    #expect(transition.looked(Ends.execution(failed)) == .fail(Ends.transition(failed)))
    // A refusal that tells nothing of the state proves nothing of it either.
    var denied = Self.looking(Self.end, after: Ends.denied)
    #expect(denied.looked(Ends.execution(failed)) == .fail(.overtaken(failed)))
  }

  @Test(
    arguments: [
      (Ends.terminal, Ends.reset), (Ends.notFound, Ends.reset), (Ends.reset, Ends.reset),
      (Ends.throttled, Ends.reset), (Ends.refusedConnection, Ends.reset),
      (.cancelled(mayHaveBeenApplied: false), .cancelled(mayHaveBeenApplied: true)),
      (
        .deadlineExceeded(mayHaveBeenApplied: false), .deadlineExceeded(mayHaveBeenApplied: true)
      ),
    ] as [(JobsFailure.Cause, JobsFailure.Cause)])
  func `a look that fails leaves it in doubt`(
    cause: JobsFailure.Cause, end: JobsFailure.Cause
  ) {
    var resolution = Self.looking(Self.end, after: Ends.transition())
    #expect(resolution.lookFailed(cause) == .fail(end))
    #expect(end.writeOutcome == .uncertain)
    #expect(resolution.looked(Ends.execution(Ends.state(.succeeded, 8))) == .fail(end))
  }

  @Test func `a look that is denied leaves it in doubt`() {
    var resolution = Self.looking(Self.end, after: Ends.transition())
    #expect(resolution.lookDenied() == .fail(Ends.reset))
  }

  @Test func `the doubt is that of the last attempt that brought one`() {
    var resolution = UpdateResolution(Self.end)
    #expect(resolution.attemptFailed(Ends.reset) == .send)
    #expect(resolution.attemptFailed(Ends.timeout) == .send)
    #expect(resolution.attemptFailed(Ends.throttled) == .send)
    #expect(resolution.repeatDenied(Ends.throttled) == .look)
    #expect(resolution.lookFailed(Ends.terminal) == .fail(Ends.timeout))
  }

  @Test func `progress without a version is not looked for`() {
    var resolution = UpdateResolution(Ends.update(.inProgress))
    #expect(resolution.attemptFailed(Ends.timeout) == .fail(Ends.timeout))
  }

  @Test func `nobody looks before anything was sent`() {
    var resolution = UpdateResolution(Self.end)
    #expect(resolution.looked(nil) == .send)
    #expect(resolution.lookFailed(Ends.reset) == .send)
    #expect(resolution.lookDenied() == .send)
  }
}
