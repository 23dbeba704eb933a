// SPDX-License-Identifier: Apache-2.0

/// AWS's JSON for the answers of the four operations: each structure is read and written here and
/// nowhere else, so that a member's name is spelled in one file. Members that are not known are
/// ignored. Source: IoT Jobs Data Plane API, 2017-09-29.

extension JobExecution {
  package init(json: JSONValue) throws(JSONShapeError) {
    self.init()
    self.jobID = try json.text("jobId")
    self.thingName = try json.text("thingName")
    self.status = try json.text("status").map { JobExecutionStatus(awsWord: $0) }
    self.statusDetails = try json.details("statusDetails")
    self.queuedAtSeconds = try json.numberOrDigits("queuedAt")
    self.startedAtSeconds = try json.numberOrDigits("startedAt")
    self.lastUpdatedAtSeconds = try json.numberOrDigits("lastUpdatedAt")
    self.approximateSecondsBeforeTimedOut = try json.numberOrDigits(
      "approximateSecondsBeforeTimedOut")
    self.versionNumber = try json.numberOrDigits("versionNumber")
    self.executionNumber = try json.numberOrDigits("executionNumber")
    self.jobDocument = try json.document("jobDocument")
  }

  package func writeMembers(into json: inout JSONWriter) {
    json.member("jobId", self.jobID)
    json.member("thingName", self.thingName)
    json.member("status", self.status?.awsWord)
    if let details = self.statusDetails {
      json.member("statusDetails", object: details.writeMembers)
    }
    json.member("queuedAt", self.queuedAtSeconds)
    json.member("startedAt", self.startedAtSeconds)
    json.member("lastUpdatedAt", self.lastUpdatedAtSeconds)
    json.member("approximateSecondsBeforeTimedOut", self.approximateSecondsBeforeTimedOut)
    json.member("versionNumber", self.versionNumber)
    json.member("executionNumber", self.executionNumber)
    json.member("jobDocument", self.jobDocument)
  }

  /// The body of an answer to Describe and StartNext: `{}` when there is none.
  package static func answerBody(_ execution: JobExecution?) -> [UInt8] {
    var json = JSONWriter(reserving: 512 + (execution?.jobDocument?.utf8.count ?? 0))
    json.object { json in
      if let execution { json.member("execution", object: execution.writeMembers) }
    }
    return json.bytes
  }
}

extension JobExecutionSummary {
  package init(json: JSONValue) throws(JSONShapeError) {
    self.init()
    self.jobID = try json.text("jobId")
    self.queuedAtSeconds = try json.numberOrDigits("queuedAt")
    self.startedAtSeconds = try json.numberOrDigits("startedAt")
    self.lastUpdatedAtSeconds = try json.numberOrDigits("lastUpdatedAt")
    self.versionNumber = try json.numberOrDigits("versionNumber")
    self.executionNumber = try json.numberOrDigits("executionNumber")
  }

  package func writeMembers(into json: inout JSONWriter) {
    json.member("jobId", self.jobID)
    json.member("queuedAt", self.queuedAtSeconds)
    json.member("startedAt", self.startedAtSeconds)
    json.member("lastUpdatedAt", self.lastUpdatedAtSeconds)
    json.member("versionNumber", self.versionNumber)
    json.member("executionNumber", self.executionNumber)
  }
}

extension JobExecutionState {
  package init(json: JSONValue) throws(JSONShapeError) {
    self.init()
    self.status = try json.text("status").map { JobExecutionStatus(awsWord: $0) }
    self.statusDetails = try json.details("statusDetails")
    self.versionNumber = try json.numberOrDigits("versionNumber")
  }

  package func writeMembers(into json: inout JSONWriter) {
    json.member("status", self.status?.awsWord)
    if let details = self.statusDetails {
      json.member("statusDetails", object: details.writeMembers)
    }
    json.member("versionNumber", self.versionNumber)
  }
}

extension PendingJobExecutions {
  package init(json: JSONValue) throws(JSONShapeError) {
    self.init(
      inProgress: try json.summaries("inProgressJobs"), queued: try json.summaries("queuedJobs"))
  }

  /// The body of an answer to GetPending; both lists are written even if they are empty.
  package var answerBody: [UInt8] {
    var json = JSONWriter(reserving: 64 + 192 * (self.inProgress.count + self.queued.count))
    json.object { json in
      json.member("inProgressJobs", array: { $0.append(self.inProgress) })
      json.member("queuedJobs", array: { $0.append(self.queued) })
    }
    return json.bytes
  }
}

extension UpdatedJobExecution {
  package init(json: JSONValue) throws(JSONShapeError) {
    self.init()
    if let state = try json.object("executionState") {
      self.executionState = try JobExecutionState(json: state)
    }
    self.jobDocument = try json.document("jobDocument")
  }

  /// The body of an answer to Update: `{}` when nothing was asked for.
  package var answerBody: [UInt8] {
    var json = JSONWriter(reserving: 256 + (self.jobDocument?.utf8.count ?? 0))
    json.object { json in
      if let state = self.executionState {
        json.member("executionState", object: state.writeMembers)
      }
      json.member("jobDocument", self.jobDocument)
    }
    return json.bytes
  }
}

extension StatusDetails {
  package func writeMembers(into json: inout JSONWriter) {
    for entry in self.entries { json.member(entry.name, entry.value) }
  }
}

extension JSONWriter {
  fileprivate mutating func append(_ summaries: [JobExecutionSummary]) {
    for summary in summaries { self.object(summary.writeMembers) }
  }
}

extension JSONValue {
  /// The job document: text on REST. An object, which is its form over MQTT, is put into text, for
  /// a write that succeeded must not fail here.
  fileprivate func document(_ name: String) throws(JSONShapeError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.isObject ? value.text : value.string else {
      throw JSONShapeError(member: name, expected: .text)
    }
    return text
  }

  /// Null elements are dropped.
  fileprivate func summaries(_ name: String) throws(JSONShapeError) -> [JobExecutionSummary] {
    guard let elements = try self.list(name) else { return [] }
    var summaries: [JobExecutionSummary] = []
    for element in elements where !element.isNull {
      guard element.isObject else { throw JSONShapeError(member: name, expected: .object) }
      summaries.append(try JobExecutionSummary(json: element))
    }
    return summaries
  }
}
