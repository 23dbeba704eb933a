// SPDX-License-Identifier: Apache-2.0

/// The control plane's operations on executions, as values.
/// Source: AWS IoT API, 2015-05-28.

/// `GET /things/{thingName}/jobs?status=&jobId=&maxResults=&nextToken=`.
///
/// The data plane's GetPending has the same path; the two are told apart by the host, or by the
/// service name of the signature (`iot` here, `iot-jobs-data` there).
package struct ListJobExecutionsForThing: Equatable, Sendable {
  package var thingName: String
  package var status: JobExecutionStatus?
  package var jobID: String?
  package var page: PageRequest

  package init(thingName: String, page: PageRequest = PageRequest()) {
    self.thingName = thingName
    self.page = page
  }
}

/// `GET /jobs/{jobId}/things?status=&maxResults=&nextToken=`.
package struct ListJobExecutionsForJob: Equatable, Sendable {
  package var jobID: String
  package var status: JobExecutionStatus?
  package var page: PageRequest

  package init(jobID: String, page: PageRequest = PageRequest()) {
    self.jobID = jobID
    self.page = page
  }
}

/// `GET /things/{thingName}/jobs/{jobId}?executionNumber=` of the control plane.
///
/// AWS calls it DescribeJobExecution, as it calls the data plane's; ours may not share a name.
package struct DescribeManagedJobExecution: Equatable, Sendable {
  package var thingName: String
  package var jobID: String
  /// Absent: the latest execution.
  package var executionNumber: Int64?

  package init(thingName: String, jobID: String, executionNumber: Int64? = nil) {
    self.thingName = thingName
    self.jobID = jobID
    self.executionNumber = executionNumber
  }
}

/// `PUT /things/{thingName}/jobs/{jobId}/cancel?force=`; answers with nothing.
package struct CancelJobExecution: Equatable, Sendable {
  package var thingName: String
  package var jobID: String
  /// Absent: AWS's default, which is false.
  package var force: Bool?
  /// Absent: not checked.
  package var expectedVersion: Int64?
  /// Absent: unchanged. At most 10 pairs here.
  package var statusDetails: StatusDetails?

  package init(thingName: String, jobID: String, force: Bool? = nil) {
    self.thingName = thingName
    self.jobID = jobID
    self.force = force
  }
}

/// `DELETE /things/{thingName}/jobs/{jobId}/executionNumber/{executionNumber}?force=`; answers with
/// nothing.
package struct DeleteJobExecution: Equatable, Sendable {
  package var thingName: String
  package var jobID: String
  package var executionNumber: Int64
  /// Absent: AWS's default, which is false.
  package var force: Bool?

  package init(thingName: String, jobID: String, executionNumber: Int64, force: Bool? = nil) {
    self.thingName = thingName
    self.jobID = jobID
    self.executionNumber = executionNumber
    self.force = force
  }
}
