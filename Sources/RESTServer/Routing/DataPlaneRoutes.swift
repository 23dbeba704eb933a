// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
package import NIOCore
import NIOHTTP1

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
    let call = try JobsCall(operation, of: request, at: target)
    let context = CallContext(requestID: request.headers.first(name: "x-request-id") ?? request.id)
    do {
      return try await self.backend.restReply(to: call, in: context).response
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
