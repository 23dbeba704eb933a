// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import JobsEmulator
import Testing

@Suite struct ListTests {
  @Test(arguments: [1, 2, 3, 7, 8] as [Int64])
  func `pages add up to the list and the last has no token`(length: Int64) throws {
    var service = Service()
    let jobs = (0..<7).map { "j\($0)" }
    for job in jobs { try service.create(job) }
    var rows: [String] = []
    var pages = 0
    var request: PageRequest? = PageRequest(maxResults: length)
    while let asked = request {
      let page = try service.state.listJobs(ListJobs(page: asked), now: service.now)
      #expect(page.rows.count <= length && !page.rows.isEmpty)
      rows += page.rows.map(\.jobID)
      pages += 1
      request = page.nextToken.map { PageRequest(maxResults: length, nextToken: $0) }
    }
    #expect(rows == jobs)
    #expect(pages == (7 + Int(length) - 1) / Int(length))
  }

  @Test func `what is deleted between two pages neither repeats nor hides a row`() throws {
    for newestFirst in [false, true] {
      var rules = EmulatorRules()
      rules.listsNewestFirst = newestFirst
      var service = Service(rules: rules)
      for job in ["a", "b", "c", "d", "e"] { try service.create(job) }
      let first = try service.state.listJobs(
        ListJobs(page: PageRequest(maxResults: 2)), now: service.now)
      #expect(first.rows.map(\.jobID) == (newestFirst ? ["e", "d"] : ["a", "b"]))
      // The row at which the token stands, one before it and one behind it.
      for job in newestFirst ? ["d", "e", "b"] : ["b", "a", "d"] {
        try service.state.deleteJob(DeleteJob(jobID: job, force: true), now: service.now)
      }
      let second = try service.state.listJobs(
        ListJobs(page: PageRequest(nextToken: first.nextToken)), now: service.now)
      #expect(second.rows.map(\.jobID) == (newestFirst ? ["c", "a"] : ["c", "e"]))
      #expect(second.nextToken == nil)
    }
  }

  @Test func `jobs are filtered by status and selection`() throws {
    var service = Service()
    for job in ["a", "b", "c"] { try service.create(job) }
    try service.create("d") { $0.targetSelection = .continuous }
    try service.update("a", .succeeded)
    _ = try service.state.cancelJob(CancelJob(jobID: "b"), now: service.now)
    func list(_ edit: (inout ListJobs) -> Void) throws -> [String] {
      var call = ListJobs()
      edit(&call)
      return try service.state.listJobs(call, now: service.now).rows.map(\.jobID)
    }
    #expect(try list { $0.status = .completed } == ["a"])
    #expect(try list { $0.status = .canceled } == ["b"])
    #expect(try list { $0.status = .inProgress } == ["c", "d"])
    #expect(try list { $0.status = .deletionInProgress } == [])
    #expect(try list { $0.targetSelection = .continuous } == ["d"])
    #expect(
      try list {
        $0.status = .inProgress
        $0.targetSelection = .snapshot
      } == ["c"])
  }

  @Test func `executions are filtered by status and job`() throws {
    var service = Service()
    for job in ["a", "b"] { try service.create(job, on: ["t", "u"]) }
    try service.update("a", .succeeded)
    var ofThing = ListJobExecutionsForThing(thingName: "t")
    ofThing.status = .queued
    #expect(
      try service.state.listExecutions(ofThing, now: service.now).rows.map(\.jobID) == ["b"])
    ofThing.status = nil
    ofThing.jobID = "a"
    #expect(
      try service.state.listExecutions(ofThing, now: service.now).rows.map(\.summary.status)
        == [.succeeded])
    var ofJob = ListJobExecutionsForJob(jobID: "a")
    ofJob.status = .queued
    #expect(
      try service.state.listExecutions(ofJob, now: service.now).rows.map(\.thingARN)
        == [Service.arn("u")])
  }

  @Test func `what cannot be listed is refused`() throws {
    var service = Service()
    try service.create("j")
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      _ = try $0.state.listExecutions(
        ListJobExecutionsForThing(thingName: "none"), now: $0.now)
    }
    expectRefusal("ResourceNotFoundException", 404, of: &service) {
      _ = try $0.state.listExecutions(ListJobExecutionsForJob(jobID: "none"), now: $0.now)
    }
    for page in [
      PageRequest(maxResults: 0), PageRequest(maxResults: 251),
      PageRequest(nextToken: "mine"), PageRequest(nextToken: ""),
    ] {
      expectRefusal("InvalidRequestException", 400, of: &service) {
        _ = try $0.state.listJobs(ListJobs(page: page), now: $0.now)
      }
    }
    expectRefusal("InvalidRequestException", 400, of: &service) {
      var call = ListJobs()
      call.status = JobStatus(awsWord: "DONE")
      _ = try $0.state.listJobs(call, now: $0.now)
    }
  }
}
