// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// What an emulator holds when it starts.
///
/// As a file it is JSON in the spelling of CreateJob, with two comforts: a target may be a bare
/// thing name, and a document may be JSON itself where AWS wants a string that holds JSON.
///
///     {
///       "things": ["idle-thing"],
///       "jobs": [
///         {"jobId": "update-1", "targets": ["thing-1", "arn:aws:iot:…:thing/thing-2"],
///          "document": {"operation": "update"},
///          "timeoutConfig": {"inProgressTimeoutInMinutes": 10}}
///       ]
///     }
package struct EmulatorSeed: Equatable, Sendable {
  /// Things to know besides the jobs' targets.
  package var things: [String]
  /// Jobs to create, in this order.
  package var jobs: [CreateJob]

  package init(things: [String] = [], jobs: [CreateJob] = []) {
    self.things = things
    self.jobs = jobs
  }

  /// Reads a seed file. A member that has no meaning is an error, as a slip of the pen would
  /// otherwise go unseen. `account` completes bare thing names to ARNs.
  package init(
    parsing text: [UInt8], account: EmulatorAccount = EmulatorAccount()
  ) throws(EmulatorSeedError) {
    let root: JSONValue
    do {
      root = try JSONValue(parsing: text)
    } catch {
      throw EmulatorSeedError(error, in: text)
    }
    let reader = try SeedReader(root: root, members: ["things", "jobs"])
    self.init()
    for thing in try reader.elements("things") {
      self.things.append(try thing.text())
    }
    for job in try reader.elements("jobs") {
      self.jobs.append(try CreateJob(seed: job, account: account))
    }
  }
}

/// Why a seed cannot be used: where, and what is wrong there.
package struct EmulatorSeedError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `jobs[2].timeoutConfig.inProgressTimeoutInMinutes`, or `line 3, column 14`.
  package var place: String
  package var problem: String

  package init(place: String, problem: String) {
    self.place = place
    self.problem = problem
  }

  package var description: String { "\(self.place): \(self.problem)" }
}

extension EmulatorSeedError {
  fileprivate init(_ error: JSONError, in text: [UInt8]) {
    switch error {
    case .malformed(let offset):
      self.init(place: Self.position(of: offset, in: text), problem: "not valid JSON")
    case .numberOutOfRange(let offset):
      self.init(place: Self.position(of: offset, in: text), problem: "a number beyond 64 bits")
    case .tooDeep:
      self.init(place: "the file", problem: "nested too deeply")
    }
  }

  /// The reader stops at the byte that it cannot place. Columns count bytes, which are characters in
  /// what JSON mostly is.
  private static func position(of offset: Int, in text: [UInt8]) -> String {
    let before = text.prefix(offset)
    let newline = UInt8(ascii: "\n")
    let line = before.count { $0 == newline } + 1
    let column = before.count - (before.lastIndex(of: newline).map { $0 + 1 } ?? 0) + 1
    return "line \(line), column \(column)"
  }
}

extension CreateJob {
  fileprivate init(seed: SeedReader, account: EmulatorAccount) throws(EmulatorSeedError) {
    try seed.refuseMembers(besides: [
      "jobId", "targets", "document", "description", "targetSelection", "timeoutConfig",
      "jobExecutionsRetryConfig",
    ])
    var targets: [String] = []
    for target in try seed.elements("targets") {
      let text = try target.text()
      targets.append(text.hasPrefix("arn:") ? text : account.arn(ofThing: text))
    }
    self.init(jobID: try seed.required("jobId").text(), targets: targets)
    self.document = try seed.required("document").document()
    self.description = try seed.member("description")?.text()
    if let selection = try seed.member("targetSelection") {
      self.targetSelection = TargetSelection(awsWord: try selection.text())
    }
    let timeout = try seed.member("timeoutConfig", members: ["inProgressTimeoutInMinutes"])
    self.inProgressTimeoutMinutes = try timeout?.member("inProgressTimeoutInMinutes")?.integer()
    if let retry = try seed.member("jobExecutionsRetryConfig", members: ["criteriaList"]) {
      var criteria: [RetryCriterion] = []
      for element in try retry.elements("criteriaList") {
        criteria.append(try RetryCriterion(seed: element))
      }
      self.retryCriteria = criteria
    }
  }
}

extension RetryCriterion {
  fileprivate init(seed: SeedReader) throws(EmulatorSeedError) {
    try seed.refuseMembers(besides: ["failureType", "numberOfRetries"])
    self.init(
      failureType: RetryableFailure(awsWord: try seed.required("failureType").text()),
      numberOfRetries: try seed.required("numberOfRetries").integer())
  }
}

extension JobsState {
  /// Creates all that a seed holds, or nothing: a seed of which a part is refused leaves the state
  /// as it was. The jobs' constraints and bounds are those of CreateJob.
  package mutating func apply(
    _ seed: EmulatorSeed, now: Int64
  ) throws(EmulatorSeedError) {
    var seeded = self
    for (index, thing) in seed.things.enumerated() {
      try seeded.seed(at: "things[\(index)]") { (state) throws(JobsFailure) in
        try state.addThing(thing)
      }
    }
    for (index, job) in seed.jobs.enumerated() {
      try seeded.seed(at: "jobs[\(index)]") { (state) throws(JobsFailure) in
        _ = try state.createJob(job, now: now)
      }
    }
    self = seeded
  }

  private mutating func seed(
    at place: String, _ body: (inout JobsState) throws(JobsFailure) -> Void
  ) throws(EmulatorSeedError) {
    do throws(JobsFailure) {
      try body(&self)
    } catch {
      var problem = "refused"
      if case .refused(let refusal) = error.cause { problem = refusal.message }
      throw EmulatorSeedError(place: place, problem: problem)
    }
  }
}
