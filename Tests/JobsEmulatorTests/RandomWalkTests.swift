// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

/// Walks the emulator and the naive service side by side through the same random steps, while time
/// passes at random, and compares every answer, every refusal and all that each then holds.
@Suite struct RandomWalkTests {
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `the emulator does what the naive service does`(seed: UInt64) {
    var generator = StepGenerator(seed: seed)
    self.walk(&generator, rules: EmulatorRules(), steps: 2000, seed: seed)
  }

  @Test(arguments: 101...112 as ClosedRange<UInt64>)
  func `it does so under every mixture of rules`(seed: UInt64) {
    var generator = StepGenerator(seed: seed)
    let rules = generator.rules()
    self.walk(&generator, rules: rules, steps: 900, seed: seed)
  }

  @Test func `a walk meets every kind of answer and every refusal`() {
    var generator = StepGenerator(seed: 77)
    let met = self.walk(&generator, rules: EmulatorRules(), steps: 3000, seed: 77)
    #expect(
      met == [
        "execution", "pending", "updated", "reference", "job", "managed", "jobs",
        "executionsOfThing", "executionsOfJob", "done", "InvalidRequestException 400",
        "ResourceNotFoundException 404", "InvalidStateTransitionException 409",
        "VersionMismatchException 409", "VersionConflictException 409",
        "ResourceAlreadyExistsException 409", "TerminalStateException 410",
      ])
  }

  @discardableResult
  private func walk(
    _ generator: inout StepGenerator, rules: EmulatorRules, steps: Int, seed: UInt64
  ) -> Set<String> {
    var naive = NaiveService(rules: rules)
    var state = JobsState(rules: rules)
    var now: Int64 = 1_700_000_000
    var met: Set<String> = []
    for count in 1...steps {
      now += generator.seconds()
      naive.pass(to: now)
      generator.sightings = naive.runs.map {
        StepGenerator.Sighting(
          thing: $0.thing, job: $0.job, number: $0.number, version: $0.version, isOver: $0.isOver)
      }
      let step = generator.step()
      let expected = naive.perform(step)
      var before = state
      before.advance(to: now)
      let answer = state.perform(step, now: now)
      // What breaks a constraint is refused before the state looks at the time.
      state.advance(to: now)
      met.insert(self.kind(of: answer))
      guard answer == expected, StateImage(state) == StateImage(naive) else {
        Issue.record(
          """
          seed \(seed), step \(count) at \(now): \(step)
          expected \(expected)
          answered \(answer)
          \(self.difference(StateImage(naive), StateImage(state)))
          """)
        return met
      }
      // A refused call leaves all as it was, but for the time and what it brought about.
      if answer.isRefusal && state != before {
        Issue.record("seed \(seed), step \(count): a refusal changed the state: \(step)")
        return met
      }
    }
    return met
  }

  private func difference(_ expected: StateImage, _ found: StateImage) -> String {
    let runs = zip(expected.runs, found.runs).filter { $0 != $1 }.prefix(3)
    let jobs = zip(expected.jobs, found.jobs).filter { $0 != $1 }.prefix(3)
    return "runs \(Array(runs))\njobs \(Array(jobs))\n"
      + "queues \(expected.queues == found.queues) things \(expected.things == found.things)"
  }

  private func kind(of outcome: Outcome) -> String {
    if case .refused(let name, let httpStatus, _) = outcome { return "\(name) \(httpStatus)" }
    let text = "\(outcome)"
    return String(text.prefix { $0 != "(" })
  }
}
// TEMP
