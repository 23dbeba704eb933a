// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import GatewayClient
import JobsAPI

/// Answers as a person reads them. What others wrote is shown without control characters.
struct AnswerText {
  var palette = Palette.plain
  /// Seconds since 1970.
  var now: Int64

  func execution(_ execution: JobExecution?, of thing: String) -> String {
    guard let execution else { return "nothing is pending for \(thing.shown)\n" }
    var table = TextTable()
    self.add("thing", execution.thingName ?? thing, to: &table)
    self.add("job", execution.jobID, to: &table)
    self.add(execution.status, to: &table)
    self.add("version", execution.versionNumber.map(String.init), to: &table)
    self.add("execution", execution.executionNumber.map(String.init), to: &table)
    self.add("queued", execution.queuedAtSeconds.map(self.moment), to: &table)
    self.add("started", execution.startedAtSeconds.map(self.moment), to: &table)
    self.add("updated", execution.lastUpdatedAtSeconds.map(self.moment), to: &table)
    self.add(
      "times out", execution.approximateSecondsBeforeTimedOut.map { "in \(Self.span($0))" },
      to: &table)
    self.add(execution.statusDetails, to: &table)
    return table.text + self.document(execution.jobDocument)
  }

  func pending(_ pending: PendingJobExecutions, of thing: String) -> String {
    guard !pending.inProgress.isEmpty || !pending.queued.isEmpty else {
      return "nothing is pending for \(thing.shown)\n"
    }
    var table = TextTable()
    let heads = ["STATUS", "JOB", "EXECUTION", "VERSION", "QUEUED", "STARTED", "UPDATED"]
      .map { TextTable.Cell($0, painted: self.palette.strong($0)) }
    table.add(heads[0], heads[1], heads[2], heads[3], heads[4], heads[5], heads[6])
    for (status, summaries) in [
      (JobExecutionStatus.inProgress, pending.inProgress), (.queued, pending.queued),
    ] {
      for summary in summaries { self.add(summary, status, to: &table) }
    }
    return table.text
  }

  func updated(_ updated: UpdatedJobExecution) -> String {
    var table = TextTable()
    self.add(updated.executionState?.status, to: &table)
    self.add("version", updated.executionState?.versionNumber.map(String.init), to: &table)
    self.add(updated.executionState?.statusDetails, to: &table)
    let text = table.text + self.document(updated.jobDocument)
    return text.isEmpty ? "updated\n" : text
  }

  /// How the answer was come by, for a line below it.
  func footer<Value>(_ reply: ClientReply<Value>, took: Duration) -> String {
    var facts = ["answered in \(took.wholeMilliseconds) ms"]
    if let cache = reply.cache { facts.append("cache \(cache.shown)") }
    if let attempts = reply.attempts, attempts > 1 { facts.append("\(attempts) attempts") }
    if let id = reply.requestID { facts.append("request \(id.shown)") }
    if let id = reply.awsRequestID { facts.append("AWS request \(id.shown)") }
    return self.palette.faint(facts.joined(separator: ", ")) + "\n"
  }

  // MARK: Rows

  private func add(_ name: String, _ value: String?, to table: inout TextTable) {
    guard let value else { return }
    table.add(TextTable.Cell(name, painted: self.palette.faint(name)), TextTable.Cell(value.shown))
  }

  private func add(_ status: JobExecutionStatus?, to table: inout TextTable) {
    guard let status else { return }
    table.add(
      TextTable.Cell("status", painted: self.palette.faint("status")),
      TextTable.Cell(status.awsWord.shown, painted: self.palette.status(status)))
  }

  private func add(_ details: StatusDetails?, to table: inout TextTable) {
    for (index, entry) in (details?.entries ?? []).enumerated() {
      let head = index == 0 ? "details" : ""
      table.add(
        TextTable.Cell(head, painted: self.palette.faint(head)),
        TextTable.Cell("\(entry.name.shown) = \(entry.value.shown)"))
    }
  }

  private func add(
    _ summary: JobExecutionSummary, _ status: JobExecutionStatus, to table: inout TextTable
  ) {
    table.add(
      TextTable.Cell(status.awsWord, painted: self.palette.status(status)),
      TextTable.Cell((summary.jobID ?? "").shown),
      TextTable.Cell(summary.executionNumber.map(String.init) ?? ""),
      TextTable.Cell(summary.versionNumber.map(String.init) ?? ""),
      TextTable.Cell(summary.queuedAtSeconds.map(self.moment) ?? ""),
      TextTable.Cell(summary.startedAtSeconds.map(self.moment) ?? ""),
      TextTable.Cell(summary.lastUpdatedAtSeconds.map(self.moment) ?? ""))
  }

  private func document(_ document: String?) -> String {
    guard let document else { return "" }
    let text = document.shown(keepingLines: true)
    return self.palette.faint("document") + "\n" + text + (text.hasSuffix("\n") ? "" : "\n")
  }

  /// `2026-11-23 16:12:07Z, 5 min ago`.
  private func moment(_ epochSeconds: Int64) -> String {
    let time = CivilTime(clampingEpochSeconds: epochSeconds)
    let date = "\(time.year)-\(Self.pair(time.month))-\(Self.pair(time.day))"
    let clock = "\(Self.pair(time.hour)):\(Self.pair(time.minute)):\(Self.pair(time.second))"
    let (age, isOverflown) = self.now.subtractingReportingOverflow(epochSeconds)
    guard !isOverflown, age >= 0 else { return "\(date) \(clock)Z" }
    return "\(date) \(clock)Z, \(Self.span(age)) ago"
  }

  private static func pair(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }

  /// The two greatest units: `3 d 4 h`, `12 min`, `40 s`.
  static func span(_ seconds: Int64) -> String {
    let units: [(name: String, seconds: Int64)] = [
      ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1),
    ]
    guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0 s" }
    let great = seconds / units[first].seconds
    let text = "\(great) \(units[first].name)"
    guard first < 2 else { return text }
    let rest = seconds % units[first].seconds / units[first + 1].seconds
    return rest == 0 ? text : "\(text) \(rest) \(units[first + 1].name)"
  }
}
