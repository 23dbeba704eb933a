// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import NIOHTTP1

/// The operations on jobs in AWS's form over HTTP, in front of any control plane.
package struct ControlPlaneRoutes<Control: JobsControlPlane>: Sendable {
  private let control: Control

  package init(_ control: Control) {
    self.control = control
  }

  /// Carries out an operation that ``ControlPlaneOperation/init(method:target:)`` found.
  package func respond(
    to request: ServerRequest, target: RequestTarget, operation: ControlPlaneOperation
  ) async throws(AWSError) -> ServerResponse {
    switch operation {
    case .createJob: try await self.createJob(target, RequestBody(request))
    case .describeJob: try await self.describeJob(target)
    case .getJobDocument: try await self.getJobDocument(target)
    case .cancelJob: try await self.cancelJob(target, RequestBody(request))
    case .deleteJob: try await self.deleteJob(target)
    case .listJobs: try await self.listJobs(target)
    case .listJobExecutionsForThing: try await self.listExecutionsForThing(target)
    case .listJobExecutionsForJob: try await self.listExecutionsForJob(target)
    case .describeJobExecution: try await self.describeExecution(target)
    case .cancelJobExecution: try await self.cancelExecution(target, RequestBody(request))
    case .deleteJobExecution: try await self.deleteExecution(target)
    case .describeEndpoint: try self.describeEndpoint(request, target)
    }
  }

  private func createJob(
    _ target: RequestTarget, _ body: RequestBody
  ) async throws(AWSError) -> ServerResponse {
    let call = try CreateJob(jobID: target.label(1), body: body)
    return try await self.answer(call, self.control.createJob) { $0.writeMembers(into: &$1) }
  }

  private func describeJob(_ target: RequestTarget) async throws(AWSError) -> ServerResponse {
    let call = DescribeJob(jobID: try target.label(1))
    return try await self.answer(call, self.control.describeJob) { job, json in
      json.member("job", object: job.writeMembers)
    }
  }

  private func getJobDocument(_ target: RequestTarget) async throws(AWSError) -> ServerResponse {
    let call = GetJobDocument(jobID: try target.label(1))
    return try await self.answer(call, self.control.jobDocument) { $1.member("document", $0) }
  }

  private func cancelJob(
    _ target: RequestTarget, _ body: RequestBody
  ) async throws(AWSError) -> ServerResponse {
    let call = try CancelJob(target: target, body: body)
    return try await self.answer(call, self.control.cancelJob) { $0.writeMembers(into: &$1) }
  }

  private func deleteJob(_ target: RequestTarget) async throws(AWSError) -> ServerResponse {
    let call = DeleteJob(jobID: try target.label(1), force: try target.flag("force"))
    return try await self.answer(call, self.control.deleteJob) { _, _ in }
  }

  private func listJobs(_ target: RequestTarget) async throws(AWSError) -> ServerResponse {
    let call = try ListJobs(target: target)
    return try await self.answer(call, self.control.listJobs) { page, json in
      json.list("jobs", page) { $0.writeMembers(into: &$1) }
    }
  }

  private func listExecutionsForThing(
    _ target: RequestTarget
  ) async throws(AWSError) -> ServerResponse {
    let call = try ListJobExecutionsForThing(target: target)
    return try await self.answer(call, self.control.listExecutions) { page, json in
      json.list("executionSummaries", page) { $0.writeMembers(into: &$1) }
    }
  }

  private func listExecutionsForJob(
    _ target: RequestTarget
  ) async throws(AWSError) -> ServerResponse {
    let call = try ListJobExecutionsForJob(target: target)
    return try await self.answer(call, self.control.listExecutions) { page, json in
      json.list("executionSummaries", page) { $0.writeMembers(into: &$1) }
    }
  }

  private func describeExecution(
    _ target: RequestTarget
  ) async throws(AWSError) -> ServerResponse {
    let call = DescribeManagedJobExecution(
      thingName: try target.label(1), jobID: try target.label(3),
      executionNumber: try target.integer("executionNumber"))
    return try await self.answer(call, self.control.describeExecution) { execution, json in
      json.member("execution", object: execution.writeMembers)
    }
  }

  private func cancelExecution(
    _ target: RequestTarget, _ body: RequestBody
  ) async throws(AWSError) -> ServerResponse {
    let call = try CancelJobExecution(target: target, body: body)
    return try await self.answer(call, self.control.cancelExecution) { _, _ in }
  }

  private func deleteExecution(_ target: RequestTarget) async throws(AWSError) -> ServerResponse {
    let call = try DeleteJobExecution(target: target)
    return try await self.answer(call, self.control.deleteExecution) { _, _ in }
  }

  /// Both planes are served here, so the data plane is wherever the caller found this one.
  private func describeEndpoint(
    _ request: ServerRequest, _ target: RequestTarget
  ) throws(AWSError) -> ServerResponse {
    guard try target.parameter("endpointType") == "iot:Jobs" else {
      throw .invalidRequest("The endpoint type must be iot:Jobs here.")
    }
    guard let host = request.headers.first(name: "host") else {
      throw .invalidRequest("The request has no Host header.")
    }
    var json = JSONWriter(reserving: 128)
    json.object { $0.member("endpointAddress", host) }
    return ServerResponse(status: 200, body: json.bytes)
  }

  private func answer<Call, Value>(
    _ call: Call, _ operation: (Call) async throws(JobsFailure) -> Value,
    _ write: (Value, inout JSONWriter) -> Void
  ) async throws(AWSError) -> ServerResponse {
    do {
      let value = try await operation(call)
      var json = JSONWriter(reserving: 512)
      json.object { json in write(value, &json) }
      return ServerResponse(status: 200, body: json.bytes)
    } catch {
      throw AWSError(error)
    }
  }
}

extension JSONWriter {
  fileprivate mutating func list<Row>(
    _ name: String, _ page: ListPage<Row>, _ write: (Row, inout JSONWriter) -> Void
  ) {
    self.member(
      name,
      array: { json in
        for row in page.rows { json.object { json in write(row, &json) } }
      })
    self.member("nextToken", page.nextToken)
  }
}
