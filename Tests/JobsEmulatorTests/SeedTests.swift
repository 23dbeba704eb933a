// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct SeedTests {
  private func seed(_ text: String) throws(EmulatorSeedError) -> EmulatorSeed {
    try EmulatorSeed(parsing: Array(text.utf8))
  }

  @Test func `a seed speaks CreateJob's language, and a little more comfortably`() throws {
    let seed = try self.seed(
      """
      {
        "things": ["idle"],
        "jobs": [
          {"jobId": "a", "targets": ["t", "arn:aws:iot:eu-west-1:000000000001:thing/u"],
           "document": {"op": "x", "n": [1, 2.5, true, null], "deep": {"k": "v\\n"}},
           "description": "first", "targetSelection": "CONTINUOUS",
           "timeoutConfig": {"inProgressTimeoutInMinutes": 10},
           "jobExecutionsRetryConfig":
             {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 2}]}},
          {"jobId": "b", "targets": ["t"], "document": "{ \\"as\\": \\"is\\" }"}
        ]
      }
      """)
    var first = CreateJob(
      jobID: "a", targets: [Service.arn("t"), "arn:aws:iot:eu-west-1:000000000001:thing/u"],
      document: "{\"op\":\"x\",\"n\":[1,2.5,true,null],\"deep\":{\"k\":\"v\\n\"}}")
    first.description = "first"
    first.targetSelection = .continuous
    first.inProgressTimeoutMinutes = 10
    first.retryCriteria = [RetryCriterion(failureType: .failed, numberOfRetries: 2)]
    let second = CreateJob(
      jobID: "b", targets: [Service.arn("t")], document: "{ \"as\": \"is\" }")
    #expect(seed == EmulatorSeed(things: ["idle"], jobs: [first, second]))
    var service = Service()
    try service.state.apply(seed, now: service.now)
    #expect(try service.pending("idle") == PendingJobExecutions())
    #expect(try service.pending("t").queued.map(\.jobID) == ["a", "b"])
    #expect(try service.pending("u").queued.map(\.jobID) == ["a"])
  }

  @Test func `an empty seed is a seed`() throws {
    #expect(try self.seed("{}") == EmulatorSeed())
    #expect(try self.seed("{\"things\": null, \"jobs\": []}") == EmulatorSeed())
  }

  @Test(
    arguments: [
      ("", "line 1, column 1: not valid JSON"),
      ("{\n  \"jobs\": [,]\n}", "line 2, column 12: not valid JSON"),
      ("[]", "the file: expected an object"),
      ("{\"job\": []}", "the file: unknown member \"job\"; known are jobs, things"),
      ("{\"jobs\": {}}", "jobs: expected an array"),
      ("{\"jobs\": [1]}", "jobs[0]: expected an object"),
      ("{\"things\": [\"a\", 2]}", "things[1]: expected a string"),
      (
        "{\"jobs\": [{\"targets\": [\"t\"], \"document\": {}}]}",
        "jobs[0]: member \"jobId\" is missing"
      ),
      (
        "{\"jobs\": [{\"jobId\": \"a\", \"targets\": [\"t\"]}]}",
        "jobs[0]: member \"document\" is missing"
      ),
      (
        "{\"jobs\": [{\"jobId\": \"a\", \"targets\": [\"t\", 7], \"document\": {}}]}",
        "jobs[0].targets[1]: expected a string"
      ),
      (
        "{\"jobs\": [{\"jobId\": \"a\", \"document\": 7}]}",
        "jobs[0].document: expected an object or a string"
      ),
      (
        "{\"jobs\": [{\"jobId\":\"a\",\"document\":{},\"timeoutConfig\":"
          + "{\"inProgressTimeoutInMinutes\":\"5\"}}]}",
        "jobs[0].timeoutConfig.inProgressTimeoutInMinutes: expected an integer"
      ),
      (
        "{\"jobs\": [{\"jobId\":\"a\",\"document\":{},\"timeoutConfig\":{\"minutes\":5}}]}",
        "jobs[0].timeoutConfig: unknown member \"minutes\"; known are inProgressTimeoutInMinutes"
      ),
    ])
  func `a complaint names its place`(text: String, complaint: String) {
    #expect {
      try self.seed(text)
    } throws: { error in
      "\(error)" == complaint
    }
  }

  @Test func `a seed is applied whole or not at all`() throws {
    var service = Service()
    let before = service.state
    let seed = EmulatorSeed(
      things: ["t"],
      jobs: [
        CreateJob(jobID: "a", targets: [Service.arn("t")], document: "{}"),
        CreateJob(jobID: "a", targets: [Service.arn("t")], document: "{}"),
      ])
    #expect(throws: EmulatorSeedError(place: "jobs[1]", problem: "Job a already exists.")) {
      try service.state.apply(seed, now: service.now)
    }
    #expect(service.state == before)
    #expect {
      try service.state.apply(EmulatorSeed(things: ["t", "a b"]), now: service.now)
    } throws: { error in
      "\(error)".hasPrefix("things[1]: 1 validation error detected")
    }
    #expect(service.state == before)
  }
}
