// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import TrafficPolicy

/// An update, a state that was seen after it may have been applied, and what that proves.
struct ProofCase: Sendable, CustomTestStringConvertible {
  var name: String
  var update: UpdateJobExecution
  var state: JobExecutionState
  var proof: UpdateProof

  init(
    _ name: String, _ update: UpdateJobExecution, _ state: JobExecutionState, _ proof: UpdateProof
  ) {
    self.name = name
    self.update = update
    self.state = state
    self.proof = proof
  }

  var testDescription: String { self.name }

  static let half = [("percent", "50")]

  static let all: [ProofCase] =
    Self.versions + Self.details + Self.ends + Self.successors + Self.servicesOwn

  static let versions = [
    ProofCase(
      "the next version, the same state", Ends.update(.inProgress, expecting: 3),
      Ends.state(.inProgress, 4), .applied),
    ProofCase(
      "the next version, another state", Ends.update(.inProgress, expecting: 3),
      Ends.state(.succeeded, 4), .overtaken),
    ProofCase(
      "the next version, cancelled", Ends.update(.succeeded, expecting: 3),
      Ends.state(.canceled, 4), .overtaken),
    ProofCase(
      "the expected version: it may be applied still", Ends.update(.succeeded, expecting: 3),
      Ends.state(.inProgress, 3), .nothing),
    ProofCase(
      "a later version, and the update was no end", Ends.update(.inProgress, expecting: 3),
      Ends.state(.inProgress, 5), .nothing),
    ProofCase(
      "a later version, and the update would have been the end",
      Ends.update(.succeeded, expecting: 3), Ends.state(.inProgress, 5), .overtaken),
    ProofCase(
      "an end at a later version is not the update's", Ends.update(.succeeded, expecting: 3),
      Ends.state(.succeeded, 5), .overtaken),
    ProofCase(
      "a version that never was reached", Ends.update(.inProgress, expecting: 7, number: 1),
      Ends.state(.inProgress, 4), .overtaken),
    ProofCase(
      "cancelled after the progress, perhaps, if that does not count in the version",
      Ends.update(.inProgress, expecting: 3), Ends.state(.canceled, 4), .nothing),
    ProofCase(
      "timed out after the progress, perhaps",
      Ends.update(.inProgress, expecting: 3, Self.half, number: 1),
      Ends.state(.timedOut, 4, Self.half), .nothing),
    ProofCase(
      "cancelled before the end, not counted in the version",
      Ends.update(.succeeded, expecting: 3), Ends.state(.canceled, 3), .overtaken),
    ProofCase(
      "AWS contradicts itself", Ends.update(.succeeded, expecting: 3),
      Ends.state(.succeeded, 3), .nothing),
    ProofCase(
      "no version", Ends.update(.inProgress, expecting: 3), Ends.state(.inProgress, nil),
      .nothing),
    ProofCase(
      "no state", Ends.update(.inProgress, expecting: 3), Ends.state(nil, 4), .nothing),
    ProofCase(
      "no version comes after the last", Ends.update(.inProgress, expecting: .max),
      Ends.state(.inProgress, .min), .nothing),
    ProofCase(
      "a claim that somebody else made", Ends.update(.inProgress, expecting: 1, [("by", "a")]),
      Ends.state(.inProgress, 2, [("by", "b")]), .overtaken),
  ]

  static let details = [
    ProofCase(
      "the details that were sent", Ends.update(.inProgress, expecting: 3, Self.half),
      Ends.state(.inProgress, 4, Self.half), .applied),
    ProofCase(
      "merged into others", Ends.update(.inProgress, expecting: 3, Self.half),
      Ends.state(.inProgress, 4, [("step", "flash"), ("percent", "50")]), .applied),
    ProofCase(
      "another value", Ends.update(.inProgress, expecting: 3, Self.half),
      Ends.state(.inProgress, 4, [("percent", "60")]), .overtaken),
    ProofCase(
      "a pair is missing", Ends.update(.inProgress, expecting: 3, Self.half + [("a", "b")]),
      Ends.state(.inProgress, 4, Self.half), .overtaken),
    ProofCase(
      "the answer shows none", Ends.update(.inProgress, expecting: 3, Self.half),
      Ends.state(.inProgress, 4), .nothing),
    ProofCase(
      "none were sent, so these are older, or another's", Ends.update(.inProgress, expecting: 3),
      Ends.state(.inProgress, 4, Self.half), .nothing),
    ProofCase(
      "none were sent with the end, so the old ones stay", Ends.update(.succeeded, expecting: 3),
      Ends.state(.succeeded, 4, Self.half), .applied),
    ProofCase(
      "they were cleared", Ends.update(.inProgress, expecting: 3, []),
      Ends.state(.inProgress, 4), .applied),
    ProofCase(
      "they were cleared, and are there: merged, or somebody else's",
      Ends.update(.inProgress, expecting: 3, []), Ends.state(.inProgress, 4, Self.half),
      .nothing),
  ]

  static let ends = [
    ProofCase("the end", Ends.update(.succeeded), Ends.state(.succeeded, 9), .applied),
    ProofCase(
      "the end with its details", Ends.update(.rejected, Self.half),
      Ends.state(.rejected, nil, Self.half), .applied),
    ProofCase(
      "the same end with other details", Ends.update(.succeeded, Self.half),
      Ends.state(.succeeded, 9, [("percent", "60")]), .overtaken),
    ProofCase("another end", Ends.update(.succeeded), Ends.state(.failed, 9), .overtaken),
    ProofCase(
      "no end yet: it may be applied still", Ends.update(.succeeded),
      Ends.state(.inProgress, 9), .nothing),
    ProofCase(
      "an unknown state is no end", Ends.update(.succeeded),
      Ends.state(.unrecognized("PAUSED"), 9), .nothing),
    ProofCase(
      "progress without a version proves nothing", Ends.update(.inProgress, Self.half),
      Ends.state(.inProgress, 9, Self.half), .nothing),
  ]

  /// The service may queue a job anew that has failed.
  static let successors = [
    ProofCase("it failed", Ends.update(.failed), Ends.state(.failed, 3), .applied),
    ProofCase(
      "it was queued anew, or never failed", Ends.update(.failed), Ends.state(.queued, 1),
      .nothing),
    ProofCase(
      "another end may be that of the new execution", Ends.update(.failed),
      Ends.state(.succeeded, 3), .nothing),
    ProofCase(
      "the same of one execution", Ends.update(.failed, number: 1), Ends.state(.succeeded, 3),
      .overtaken),
    ProofCase(
      "queued anew, below the version", Ends.update(.failed, expecting: 5),
      Ends.state(.queued, 1), .nothing),
    ProofCase(
      "started anew, at the next version", Ends.update(.failed, expecting: 1),
      Ends.state(.inProgress, 2), .nothing),
    ProofCase(
      "the same of one execution", Ends.update(.failed, expecting: 1, number: 1),
      Ends.state(.inProgress, 2), .overtaken),
    ProofCase(
      "a new one that is quick", Ends.update(.failed, expecting: 5), Ends.state(.inProgress, 6),
      .nothing),
    ProofCase(
      "timed out and queued anew, perhaps after the progress",
      Ends.update(.inProgress, expecting: 5), Ends.state(.queued, 1), .nothing),
    ProofCase(
      "timed out and begun anew, perhaps after the progress",
      Ends.update(.inProgress, expecting: 5), Ends.state(.inProgress, 4), .nothing),
    ProofCase(
      "success is not queued anew", Ends.update(.succeeded, expecting: 5),
      Ends.state(.queued, 1), .overtaken),
  ]

  /// States that no device's update brings about, whoever asks for them.
  static let servicesOwn = [JobExecutionStatus.queued, .timedOut, .removed, .canceled].flatMap {
    status in
    [
      ProofCase("the service's own", Ends.update(status), Ends.state(status, 4), .nothing),
      ProofCase(
        "the service's own, at the next version", Ends.update(status, expecting: 3),
        Ends.state(status, 4), .nothing),
    ]
  }
}

@Suite struct UpdateProofTests {
  @Test(arguments: ProofCase.all)
  func `a state proves what it proves`(proofCase: ProofCase) {
    #expect(proofCase.update.proof(from: proofCase.state) == proofCase.proof)
  }

  @Test(arguments: [
    (Ends.update(.inProgress), false), (Ends.update(.queued), false),
    (Ends.update(.inProgress, number: 4), false),
    (Ends.update(.inProgress, expecting: 1), true),
    (Ends.update(.succeeded), true), (Ends.update(.rejected), true),
    (Ends.update(.succeeded, expecting: 1), true),
    // A second failure could end the execution that the service queues after the first.
    (Ends.update(.failed), false), (Ends.update(.failed, number: 4), true),
    (Ends.update(.failed, expecting: 0), false), (Ends.update(.failed, expecting: 1), false),
    (Ends.update(.failed, expecting: 2), false), (Ends.update(.failed, expecting: 3), false),
    (Ends.update(.failed, expecting: 1, number: 4), true),
  ])
  func `an update in doubt is repeated only where it cannot be applied twice`(
    update: UpdateJobExecution, isSafe: Bool
  ) {
    #expect(update.isSafeToRepeat == isSafe)
    let isProvable = update.expectedVersion != nil || update.status.isTerminal
    #expect(update.isProvable == isProvable)
  }
}
