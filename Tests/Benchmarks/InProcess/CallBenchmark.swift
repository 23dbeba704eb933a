// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import Telemetry
import TrafficPolicy

/// What the steps of a forwarded call cost that need no socket: from the caller's message to a signed
/// request, and from AWS's answer to the caller's.
enum CallBenchmark {
  private static let head = RESTResponseHead(status: 200)

  static func run() {
    self.measureDescribe()
    self.measureUpdate()
    self.measurePending()
    self.measurePolicies()
    for kibibytes in [1, 8, 32] { self.measureDocument(bytes: kibibytes << 10) }
  }

  private static var execution: JobExecution {
    var execution = JobExecution()
    execution.jobID = "firmware-2024"
    execution.thingName = "plant-7:press-01"
    execution.status = .inProgress
    execution.statusDetails = StatusDetails([("progress", "50")])
    execution.queuedAtSeconds = 1_700_000_000
    execution.startedAtSeconds = 1_700_000_010
    execution.lastUpdatedAtSeconds = 1_700_000_020
    execution.versionNumber = 3
    execution.executionNumber = 1
    return execution
  }

  private static func measureDescribe() {
    let call = DescribeJobExecution(thingName: "plant-7:press-01", jobID: "firmware-2024")
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    Figures.measure("describe, decode") { _ = try? DescribeJobExecution(wire: message.span) }
    Figures.measure("describe, REST request") { _ = call.restRequest }
    self.measureSigning("describe, sign", call.restRequest)
    self.measureAnswers("describe, 256 bytes of document", document: self.document(bytes: 256))
  }

  private static func measureUpdate() {
    var call = UpdateJobExecution(
      thingName: "plant-7:press-01", jobID: "firmware-2024", status: .inProgress)
    call.statusDetails = StatusDetails([("progress", "51")])
    call.expectedVersion = 3
    call.includeJobExecutionState = true
    var message: [UInt8] = []
    WireRequest.append(call, to: &message)
    Figures.measure("update, decode") { _ = try? UpdateJobExecution(wire: message.span) }
    Figures.measure("update, REST request") { _ = call.restRequest }
    self.measureSigning("update, sign", call.restRequest)
    let state = #"{"status":"IN_PROGRESS","statusDetails":{"progress":"51"},"versionNumber":4}"#
    let answer = Array(#"{"executionState":\#(state)}"#.utf8)
    Figures.measure("update, read AWS's answer") {
      _ = try? call.readReply(self.head, body: answer.span)
    }
  }

  private static func measurePending() {
    let call = GetPendingJobExecutions(thingName: "plant-7:press-01")
    let row =
      #"{"jobId":"firmware-2024","queuedAt":1700000000,"lastUpdatedAt":1700000020,"#
      + #""versionNumber":3,"executionNumber":1}"#
    let answer = Array(
      #"{"inProgressJobs":[\#(row)],"queuedJobs":[\#(row),\#(row),\#(row)]}"#.utf8)
    Figures.measure("pending of 4, read AWS's answer") {
      _ = try? call.readReply(self.head, body: answer.span)
    }
    guard let pending = try? call.readReply(self.head, body: answer.span) else { return }
    Figures.measure("pending of 4, encode") {
      var output: [UInt8] = []
      WireResponse.appendGetPending(pending, to: &output)
    }
  }

  private static func measurePolicies() {
    var settings = ThingLimitSettings()
    let limit = RateLimit(perSecond: 1_000_000, burst: 1_000_000)
    settings.limits = ThingLimits(reads: limit, writes: limit)
    let registry = MetricsRegistry()
    let metrics = ThingLimitMetrics(
      registry: registry, limited: RateLimitedMetrics(registry: registry))
    let limiter = ThingLimiter(
      settings, clock: PolicyClock(), metrics: metrics, offenders: Offenders())
    Figures.measure("limiter, a known thing") { _ = limiter.spend(.read, for: "plant-7:press-01") }

    var store = ReadStore(maxBytes: 1 << 20)
    let key = ReadKey(
      thing: "plant-7:press-01", .execution(jobID: "firmware-2024", number: nil))
    let read = StoredRead(
      .execution(self.execution), to: key, withDocument: true, flight: 1, at: 0,
      lifetime: Lifetime(freshUntil: .max))
    Figures.measure("cache, a store") { _ = store.store(read, at: 0) }
    Figures.measure("cache, a hit") { _ = store.lookup(key, at: 0) { $0 } }
  }

  private static func measureSigning(_ name: String, _ request: RESTRequest) {
    guard var signer = try? RequestSigner(region: "us-east-1") else { return }
    let credential = Credential(
      accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    let time = SigningTime(epochSeconds: 1_709_294_400)
    let target = Array(request.target.utf8)
    let body = request.body ?? []
    Figures.measure(name) {
      _ = try? signer.sign(
        method: request.method.rawValue, target: target.span,
        host: "abc123.jobs.iot.eu-west-1.amazonaws.com",
        headers: body.isEmpty ? [] : [("content-type", "application/json")],
        body: body.span, credential: credential, at: time)
    }
  }

  /// A document with the quotes that JSON in JSON has to escape.
  private static func document(bytes: Int) -> String {
    let step = #"{"run": "/opt/update xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}, "#
    return String(String(repeating: step, count: bytes / step.utf8.count + 1).prefix(bytes))
  }

  private static func measureDocument(bytes: Int) {
    self.measureAnswers(
      "describe, \(bytes >> 10) KiB of document", document: self.document(bytes: bytes))
  }

  private static func measureAnswers(_ name: String, document: String) {
    let call = DescribeJobExecution(thingName: "plant-7:press-01", jobID: "firmware-2024")
    var execution = self.execution
    execution.jobDocument = document
    let answer = JobExecution.answerBody(execution)
    let rounds = max(200, 5_000_000 / (document.utf8.count + 1_000))
    Figures.measure("\(name), read AWS's answer", rounds: rounds) {
      _ = try? call.readReply(self.head, body: answer.span)
    }
    guard let read = try? call.readReply(self.head, body: answer.span) else { return }
    Figures.measure("\(name), encode", rounds: rounds) {
      var output: [UInt8] = []
      WireResponse.appendDescribe(read, to: &output)
    }
  }
}
