// SPDX-License-Identifier: Apache-2.0

/// AWS's JSON for the answers of the four operations: each structure is read and written here and
/// nowhere else, so that a member's name is spelled in one file. Members that are not known are
/// ignored. Source: IoT Jobs Data Plane API, 2017-09-29.

extension JobExecution {
  init(_ json: inout ReplyReader, _ text: Span<UInt8>) throws(JSONError) {
    self.init()
    while let member = try json.nextMember(text) {
      switch member {
      case .jobID: self.jobID = try json.string(text)
      case .thingName: self.thingName = try json.string(text)
      case .status: self.status = try json.status(text)
      case .statusDetails: self.statusDetails = try json.details(text)
      case .queuedAt: self.queuedAtSeconds = try json.number(text)
      case .startedAt: self.startedAtSeconds = try json.number(text)
      case .lastUpdatedAt: self.lastUpdatedAtSeconds = try json.number(text)
      case .approximateSecondsBeforeTimedOut:
        self.approximateSecondsBeforeTimedOut = try json.number(text)
      case .versionNumber: self.versionNumber = try json.number(text)
      case .executionNumber: self.executionNumber = try json.number(text)
      case .jobDocument: self.jobDocument = try json.document(text)
      default: try json.skip(text)
      }
    }
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

  /// Reads the members of an answer to Describe and StartNext.
  static func answer(
    _ json: inout ReplyReader, _ text: Span<UInt8>
  ) throws(JSONError) -> JobExecution? {
    var execution: JobExecution?
    while let member = try json.nextMember(text) {
      switch member {
      case .execution:
        execution = try json.object(text) { json throws(JSONError) in
          try JobExecution(&json, text)
        }
      default: try json.skip(member, text)
      }
    }
    return execution
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
  init(_ json: inout ReplyReader, _ text: Span<UInt8>) throws(JSONError) {
    self.init()
    while let member = try json.nextMember(text) {
      switch member {
      case .jobID: self.jobID = try json.string(text)
      case .queuedAt: self.queuedAtSeconds = try json.number(text)
      case .startedAt: self.startedAtSeconds = try json.number(text)
      case .lastUpdatedAt: self.lastUpdatedAtSeconds = try json.number(text)
      case .versionNumber: self.versionNumber = try json.number(text)
      case .executionNumber: self.executionNumber = try json.number(text)
      default: try json.skip(text)
      }
    }
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
  init(_ json: inout ReplyReader, _ text: Span<UInt8>) throws(JSONError) {
    self.init()
    while let member = try json.nextMember(text) {
      switch member {
      case .status: self.status = try json.status(text)
      case .statusDetails: self.statusDetails = try json.details(text)
      case .versionNumber: self.versionNumber = try json.number(text)
      default: try json.skip(text)
      }
    }
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
  /// Reads the members of an answer.
  init(_ json: inout ReplyReader, _ text: Span<UInt8>) throws(JSONError) {
    self.init()
    while let member = try json.nextMember(text) {
      switch member {
      case .inProgressJobs: self.inProgress = try json.summaries(text)
      case .queuedJobs: self.queued = try json.summaries(text)
      default: try json.skip(member, text)
      }
    }
  }

  /// The body of an answer to GetPending; both lists are written even if they are empty.
  package var answerBody: [UInt8] {
    var json = JSONWriter(reserving: 64 + 192 * (self.inProgress.count + self.queued.count))
    json.object(self.writeMembers)
    return json.bytes
  }

  package func writeMembers(into json: inout JSONWriter) {
    json.member("inProgressJobs", array: { $0.append(self.inProgress) })
    json.member("queuedJobs", array: { $0.append(self.queued) })
  }
}

extension UpdatedJobExecution {
  /// Reads the members of an answer.
  init(_ json: inout ReplyReader, _ text: Span<UInt8>) throws(JSONError) {
    self.init()
    while let member = try json.nextMember(text) {
      switch member {
      case .executionState: self.executionState = try json.executionState(text)
      case .jobDocument: self.jobDocument = try json.document(text)
      default: try json.skip(member, text)
      }
    }
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

extension ReplyReader {
  mutating func executionState(_ text: Span<UInt8>) throws(JSONError) -> JobExecutionState? {
    try self.object(text) { json throws(JSONError) in try JobExecutionState(&json, text) }
  }

  fileprivate mutating func summaries(
    _ text: Span<UInt8>
  ) throws(JSONError) -> [JobExecutionSummary] {
    try self.list(text) { json throws(JSONError) in try JobExecutionSummary(&json, text) }
  }
}
