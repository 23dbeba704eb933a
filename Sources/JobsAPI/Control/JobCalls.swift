// SPDX-License-Identifier: Apache-2.0

/// The control plane's operations on jobs, as values.
///
/// Words of AWS's enumerations that are not known are kept, so that the refusal can name them.
/// Source: AWS IoT API, 2015-05-28.

/// `PUT /jobs/{jobId}`.
package struct CreateJob: Equatable, Sendable {
  package var jobID: String
  /// ARNs, as the caller wrote them.
  package var targets: [String]
  /// The job document: text that holds JSON.
  package var document: String?
  package var description: String?
  /// Absent: AWS's default, which is SNAPSHOT.
  package var targetSelection: TargetSelection?
  /// From `timeoutConfig`: 1 to 10080 minutes.
  package var inProgressTimeoutMinutes: Int64?
  /// From `jobExecutionsRetryConfig.criteriaList`. Absent differs from empty, which is refused.
  package var retryCriteria: [RetryCriterion]?
  /// The top-level members of the request body that have no place above, by AWS's spelling:
  /// `documentSource`, `abortConfig`, `tags`… Nulls do not count. The control plane refuses those
  /// it would have to heed and ignores the rest.
  package var otherMembers: [String]

  package init(jobID: String, targets: [String], document: String? = nil) {
    self.jobID = jobID
    self.targets = targets
    self.document = document
    self.otherMembers = []
  }
}

/// `GET /jobs/{jobId}`.
package struct DescribeJob: Equatable, Sendable {
  package var jobID: String

  package init(jobID: String) {
    self.jobID = jobID
  }
}

/// `GET /jobs/{jobId}/job-document`.
package struct GetJobDocument: Equatable, Sendable {
  package var jobID: String

  package init(jobID: String) {
    self.jobID = jobID
  }
}

/// `PUT /jobs/{jobId}/cancel?force=`.
package struct CancelJob: Equatable, Sendable {
  package var jobID: String
  package var reasonCode: String?
  package var comment: String?
  /// Absent: AWS's default, which is false.
  package var force: Bool?

  package init(jobID: String, force: Bool? = nil) {
    self.jobID = jobID
    self.force = force
  }
}

/// `DELETE /jobs/{jobId}?force=`.
package struct DeleteJob: Equatable, Sendable {
  package var jobID: String
  /// Absent: AWS's default, which is false.
  package var force: Bool?

  package init(jobID: String, force: Bool? = nil) {
    self.jobID = jobID
    self.force = force
  }
}

/// `GET /jobs?status=&targetSelection=&maxResults=&nextToken=`.
package struct ListJobs: Equatable, Sendable {
  package var status: JobStatus?
  package var targetSelection: TargetSelection?
  package var page: PageRequest

  package init(page: PageRequest = PageRequest()) {
    self.page = page
  }
}

/// Which part of a list is asked for.
package struct PageRequest: Equatable, Sendable {
  /// 1 to 250. Absent: the control plane chooses.
  package var maxResults: Int64?
  /// From the page before; only whoever gave it out can read it.
  package var nextToken: String?

  package init(maxResults: Int64? = nil, nextToken: String? = nil) {
    self.maxResults = maxResults
    self.nextToken = nextToken
  }
}

/// A part of a list.
package struct ListPage<Row: Equatable & Sendable>: Equatable, Sendable {
  package var rows: [Row]
  /// Absent on the last page.
  package var nextToken: String?

  package init(_ rows: [Row], nextToken: String? = nil) {
    self.rows = rows
    self.nextToken = nextToken
  }
}
