// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// The control plane's lists.
///
/// A page ends with a token that holds the place of its last row. Places never change, so what is
/// created or deleted between two pages makes no row appear twice and hides none.
extension JobsState {
  package mutating func listJobs(
    _ call: ListJobs, now: Int64
  ) throws(JobsFailure) -> ListPage<JobSummary> {
    let page = try call.checkConstraints(rules: self.rules)
    self.advance(to: now)
    return page.rows(of: self.jobOrder, place: \.sequence) { entry in
      guard let facts = self.jobs[entry.jobID]?.facts,
        call.status == nil || call.status == facts.status,
        call.targetSelection == nil || call.targetSelection == facts.targetSelection
      else { return nil }
      return JobSummary(facts)
    }
  }

  package mutating func listExecutions(
    _ call: ListJobExecutionsForThing, now: Int64
  ) throws(JobsFailure) -> ListPage<JobExecutionOfThing> {
    let page = try call.checkConstraints(rules: self.rules)
    self.advance(to: now)
    guard let thing = self.things[call.thingName] else { throw .thingNotFound(call.thingName) }
    return page.rows(of: thing.executions, place: \.rawValue) { id in
      guard let execution = self.executions[id],
        call.status == nil || call.status == execution.status,
        call.jobID == nil || call.jobID == execution.jobID
      else { return nil }
      return JobExecutionOfThing(jobID: execution.jobID, summary: execution.managedSummary)
    }
  }

  package mutating func listExecutions(
    _ call: ListJobExecutionsForJob, now: Int64
  ) throws(JobsFailure) -> ListPage<JobExecutionOfJob> {
    let page = try call.checkConstraints(rules: self.rules)
    self.advance(to: now)
    let job = try self.job(call.jobID)
    return page.rows(of: job.executions, place: \.rawValue) { id in
      guard let execution = self.executions[id],
        call.status == nil || call.status == execution.status
      else { return nil }
      return JobExecutionOfJob(thingARN: execution.thingARN, summary: execution.managedSummary)
    }
  }
}

/// A page to be cut out of a list, checked.
struct PageCut: Equatable, Sendable {
  let length: Int
  /// The place of the last row of the page before.
  let after: UInt64?
  let newestFirst: Bool

  /// Cuts the page out of elements that are sorted by place; nil rows do not count.
  func rows<Element, Row>(
    of elements: [Element], place: (Element) -> UInt64, row: (Element) -> Row?
  ) -> ListPage<Row> {
    var page = ListPage<Row>([])
    var lastPlace: UInt64 = 0
    let step = self.newestFirst ? -1 : 1
    var index = self.start(in: elements, place: place)
    while elements.indices.contains(index) {
      let element = elements[index]
      index += step
      guard let row = row(element) else { continue }
      if page.rows.count == self.length {
        page.nextToken = String(lastPlace)
        break
      }
      page.rows.append(row)
      lastPlace = place(element)
    }
    return page
  }

  /// Where the list goes on behind the token, found by binary search.
  private func start<Element>(in elements: [Element], place: (Element) -> UInt64) -> Int {
    guard let after = self.after else { return self.newestFirst ? elements.count - 1 : 0 }
    var low = 0
    var high = elements.count
    while low < high {
      let middle = low + (high - low) / 2
      if place(elements[middle]) < after { low = middle + 1 } else { high = middle }
    }
    // `low` is at the token's row, or behind it if that row has been deleted.
    if self.newestFirst { return low - 1 }
    return low < elements.count && place(elements[low]) == after ? low + 1 : low
  }
}
