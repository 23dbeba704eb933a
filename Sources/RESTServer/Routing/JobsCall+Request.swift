// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import NIOCore
package import NIOHTTP1

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

extension JobsCall {
  /// Reads the call out of a request in which ``JobsOperation/init(method:target:)`` found its
  /// operation. The types are those of AWS's model; constraints are the backend's business.
  package init(
    _ operation: JobsOperation, of request: ServerRequest, at target: RequestTarget
  ) throws(AWSError) {
    let thing = try target.label(1)
    switch operation {
    case .describe:
      var call = DescribeJobExecution(thingName: thing, jobID: try target.label(3))
      call.includeJobDocument = try target.flag("includeJobDocument")
      call.executionNumber = try target.integer("executionNumber")
      self = .describe(call)
    case .getPending:
      self = .getPending(GetPendingJobExecutions(thingName: thing))
    case .startNext:
      self = .startNext(try request.startNext(thingName: thing))
    case .update:
      self = .update(try request.update(thingName: thing, jobID: try target.label(3)))
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
