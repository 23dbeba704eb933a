// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore
package import NIOHTTP1

/// The four operations in AWS's form over HTTP, in front of any backend. It knows paths, parameters
/// and bodies; who may call, and what a call costs, is not known here.
package struct DataPlaneRoutes<Backend: JobsBackend>: Sendable {
  private let backend: Backend

  package init(_ backend: Backend) {
    self.backend = backend
  }

  /// Carries out an operation that ``JobsOperation/init(method:target:)`` found in the request.
  package func respond(
    to request: ServerRequest, target: RequestTarget, operation: JobsOperation
  ) async throws(AWSError) -> ServerResponse {
    let thing = try target.label(1)
    let context = CallContext(requestID: request.headers.first(name: "x-request-id") ?? request.id)
    switch operation {
    case .describe:
      var call = DescribeJobExecution(thingName: thing, jobID: try target.label(3))
      call.includeJobDocument = try target.flag("includeJobDocument")
      call.executionNumber = try target.integer("executionNumber")
      return try await self.answer(JobExecution.answerBody) { () async throws(JobsFailure) in
        try await self.backend.describe(call, in: context)
      }
    case .getPending:
      let call = GetPendingJobExecutions(thingName: thing)
      return try await self.answer(\.answerBody) { () async throws(JobsFailure) in
        try await self.backend.getPending(call, in: context)
      }
    case .startNext:
      let call = try request.startNext(thingName: thing)
      return try await self.answer(JobExecution.answerBody) { () async throws(JobsFailure) in
        try await self.backend.startNext(call, in: context)
      }
    case .update:
      let call = try request.update(thingName: thing, jobID: try target.label(3))
      return try await self.answer(\.answerBody) { () async throws(JobsFailure) in
        try await self.backend.update(call, in: context)
      }
    }
  }

  private func answer<Value>(
    _ body: (Value) -> [UInt8],
    _ call: () async throws(JobsFailure) -> JobsReply<Value>
  ) async throws(AWSError) -> ServerResponse {
    do {
      let reply = try await call()
      var response = ServerResponse(status: 200, body: body(reply.value))
      response.requestID = reply.trace.awsRequestID
      return response
    } catch {
      throw AWSError(error)
    }
  }
}

/// The four operations as a server of their own: no signature is asked for, and no control plane is
/// there.
extension DataPlaneRoutes: RequestResponder {
  package func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse {
    do throws(AWSError) {
      let target = try RequestTarget(request.target)
      guard let operation = JobsOperation(method: request.method, target: target) else {
        throw .unknownOperation
      }
      return try await self.respond(to: request, target: target, operation: operation)
    } catch {
      return error.response(form: .header)
    }
  }
}

extension JobsOperation {
  /// The operation that a method and a path name. `$next` may come raw or as `%24next`: it is
  /// template text in one operation and a label in another (operations of AWS's model).
  package init?(method: HTTPMethod, target: RequestTarget) {
    let segments = target.segments
    guard segments.count == 3 || segments.count == 4, segments[0] == "things",
      segments[2] == "jobs"
    else { return nil }
    switch (method, segments.count) {
    case (.GET, 3): self = .getPending
    case (.GET, 4): self = .describe
    case (.POST, 4): self = .update
    case (.PUT, 4) where (try? target.label(3)) == "$next": self = .startNext
    default: return nil
    }
  }
}

extension ServerRequest {
  fileprivate func startNext(
    thingName: String
  ) throws(AWSError) -> StartNextPendingJobExecution {
    do {
      return try StartNextPendingJobExecution(
        thingName: thingName, restBody: self.body.readableBytesUInt8Span)
    } catch {
      throw .invalidRequest(error.message)
    }
  }

  fileprivate func update(
    thingName: String, jobID: String
  ) throws(AWSError) -> UpdateJobExecution {
    do {
      return try UpdateJobExecution(
        thingName: thingName, jobID: jobID, restBody: self.body.readableBytesUInt8Span)
    } catch {
      throw .invalidRequest(error.message)
    }
  }
}
