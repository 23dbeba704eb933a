// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// An answer in AWS's form, and the facts of how it was come by.
package struct RESTReply: Equatable, Sendable {
  package var body: [UInt8]
  package var trace: UpstreamTrace

  /// The answer of a service that says no more of it.
  package var response: ServerResponse {
    var response = ServerResponse(status: 200, body: self.body)
    response.requestID = self.trace.awsRequestID
    return response
  }
}

extension JobsBackend {
  /// Makes a call and writes its answer as AWS would.
  package func restReply(
    to call: JobsCall, in context: CallContext
  ) async throws(JobsFailure) -> RESTReply {
    switch call {
    case .describe(let call):
      let reply = try await self.describe(call, in: context)
      return RESTReply(body: JobExecution.answerBody(reply.value), trace: reply.trace)
    case .getPending(let call):
      let reply = try await self.getPending(call, in: context)
      return RESTReply(body: reply.value.answerBody, trace: reply.trace)
    case .startNext(let call):
      let reply = try await self.startNext(call, in: context)
      return RESTReply(body: JobExecution.answerBody(reply.value), trace: reply.trace)
    case .update(let call):
      let reply = try await self.update(call, in: context)
      return RESTReply(body: reply.value.answerBody, trace: reply.trace)
    }
  }
}
