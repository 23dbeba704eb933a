// SPDX-License-Identifier: Apache-2.0

import JobsAPI

extension AnswerText {
  /// News as lines: one for each execution of a snapshot, one for a change, none for a heartbeat.
  func news(_ news: PendingNews) -> String {
    switch news {
    case .heartbeat: ""
    case .snapshot(let thing, let pending): self.snapshot(pending, of: thing)
    case .change(let thing, let change):
      self.line(thing, change.kind.rawValue, change.execution, change.status)
    }
  }

  private func snapshot(_ pending: PendingJobExecutions, of thing: String) -> String {
    guard !pending.inProgress.isEmpty || !pending.queued.isEmpty else {
      return "\(thing.shown): nothing is pending\n"
    }
    let rows = [(JobExecutionStatus.inProgress, pending.inProgress), (.queued, pending.queued)]
    return rows.flatMap { status, summaries in
      summaries.map { self.line(thing, "pending", $0, status) }
    }.joined()
  }

  private func line(
    _ thing: String, _ what: String, _ execution: JobExecutionSummary, _ status: JobExecutionStatus?
  ) -> String {
    var words = ["\(thing.shown):", self.palette.strong(what), (execution.jobID ?? "").shown]
    if let status { words.append(self.palette.status(status)) }
    if let version = execution.versionNumber { words.append("version \(version)") }
    if let number = execution.executionNumber { words.append("execution \(number)") }
    return words.joined(separator: " ") + "\n"
  }

  /// How far an execution has come.
  func awaited(_ execution: AwaitedExecution, of job: String) -> String {
    var words = ["\(job.shown):"]
    if let status = execution.status {
      words.append(self.palette.status(status))
    } else if execution.isTerminal {
      words.append("ended, in a state that the gateway did not see")
    }
    if let version = execution.versionNumber { words.append("version \(version)") }
    if let number = execution.executionNumber { words.append("execution \(number)") }
    return words.joined(separator: " ") + "\n"
  }
}

extension PendingNews {
  /// One object, with AWS's names for what AWS has names for.
  var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      switch self {
      case .heartbeat(let seconds):
        json.member("heartbeat", object: { $0.member("secondsSinceAnswer", seconds) })
      case .snapshot(let thing, let pending):
        json.member("thingName", thing)
        json.member("snapshot", object: pending.writeMembers)
      case .change(let thing, let change):
        json.member("thingName", thing)
        json.member("change", change.kind.rawValue)
        json.member("execution", object: change.execution.writeMembers)
        json.member("status", change.status?.awsWord)
      }
    }
    return json.bytes
  }
}

extension AwaitedExecution {
  var json: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("terminal", self.isTerminal)
      json.member("status", self.status?.awsWord)
      json.member("versionNumber", self.versionNumber)
      json.member("executionNumber", self.executionNumber)
    }
    return json.bytes
  }
}
