// SPDX-License-Identifier: Apache-2.0

package import NIOHTTP1

/// The operations of AWS IoT that are served, as AWS spells them: those on jobs, and the one that
/// tells where the data plane is.
/// Source: AWS IoT API, 2015-05-28.
package enum ControlPlaneOperation: String, CaseIterable, Sendable {
  case createJob = "CreateJob"
  case describeJob = "DescribeJob"
  case getJobDocument = "GetJobDocument"
  case cancelJob = "CancelJob"
  case deleteJob = "DeleteJob"
  case listJobs = "ListJobs"
  case listJobExecutionsForThing = "ListJobExecutionsForThing"
  case listJobExecutionsForJob = "ListJobExecutionsForJob"
  case describeJobExecution = "DescribeJobExecution"
  case cancelJobExecution = "CancelJobExecution"
  case deleteJobExecution = "DeleteJobExecution"
  case describeEndpoint = "DescribeEndpoint"

  /// The operation that a method and a path name.
  package init?(method: HTTPMethod, target: RequestTarget) {
    switch target.segments.first {
    case "jobs": self.init(method, jobsPath: target.segments)
    case "things": self.init(method, thingsPath: target.segments)
    case "endpoint" where method == .GET && target.segments.count == 1: self = .describeEndpoint
    default: return nil
    }
  }

  /// `/jobs`, `/jobs/{jobId}` and `/jobs/{jobId}/…`
  private init?(_ method: HTTPMethod, jobsPath path: [Substring]) {
    switch (method, path.count, path.count == 3 ? path[2] : "") {
    case (.GET, 1, _): self = .listJobs
    case (.PUT, 2, _): self = .createJob
    case (.GET, 2, _): self = .describeJob
    case (.DELETE, 2, _): self = .deleteJob
    case (.PUT, 3, "cancel"): self = .cancelJob
    case (.GET, 3, "things"): self = .listJobExecutionsForJob
    case (.GET, 3, "job-document"): self = .getJobDocument
    default: return nil
    }
  }

  /// `/things/{thingName}/jobs`, `…/jobs/{jobId}` and `…/jobs/{jobId}/…`
  private init?(_ method: HTTPMethod, thingsPath path: [Substring]) {
    guard path.count >= 3, path[2] == "jobs" else { return nil }
    switch (method, path.count, path.count > 4 ? path[4] : "") {
    case (.GET, 3, _): self = .listJobExecutionsForThing
    case (.GET, 4, _): self = .describeJobExecution
    case (.PUT, 5, "cancel"): self = .cancelJobExecution
    case (.DELETE, 6, "executionNumber"): self = .deleteJobExecution
    default: return nil
    }
  }
}
