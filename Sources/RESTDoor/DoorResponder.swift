// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Authorization
import GatewayServer
import JobsAPI
import NIOCore
import NIOHTTP1
import RESTServer

/// Answers the requests of one connection. A request passes, in this order: its method and path, the
/// signature, its arguments, the policy, the backend with all that is in front of AWS.
struct DoorResponder: RequestResponder {
  /// What is known of the peer; for the connection's event loop alone.
  private struct Peer {
    let identity: CallerIdentity
    /// Nil when neither a policy nor the audit log asks who calls.
    let access: ConnectionAccess?
  }

  private let backend: any JobsBackend
  /// Nil when nobody has to sign.
  private let signatures: SignatureCheck?
  private let reporting: CallReporting
  private let metrics: DoorMetrics
  private let peer: NIOLoopBound<Peer>

  init(
    _ backend: any JobsBackend, signatures: SignatureCheck?, reporting: CallReporting,
    metrics: DoorMetrics, peer: CallerIdentity, access: ConnectionAccess?, loop: any EventLoop
  ) {
    self.backend = backend
    self.signatures = signatures
    self.reporting = reporting
    self.metrics = metrics
    self.peer = NIOLoopBound(Peer(identity: peer, access: access), eventLoop: loop)
  }

  func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse {
    let response = await self.answer(request)
    self.metrics.answered(response.status)
    return response
  }

  private func answer(_ request: ServerRequest) async -> ServerResponse {
    let context = CallContext(of: request)
    let target: RequestTarget
    let operation: JobsOperation
    do throws(AWSError) {
      target = try RequestTarget(request.target)
      guard let found = JobsOperation(method: request.method, target: target) else {
        throw .unknownOperation
      }
      operation = found
    } catch {
      return self.refuse(error, context)
    }
    let record = CallRecord(
      operation, in: context, from: self.peer.value.identity, reporting: self.reporting)
    do throws(DoorFailure) {
      let call = try self.admit(request, target, record)
      let reply = try await self.carryOut(call, record)
      record.ended(httpStatus: 200, nil, reply.trace)
      var response = ServerResponse(status: 200, body: reply.body)
      response.describe(context, reply.trace)
      return response
    } catch {
      record.ended(httpStatus: error.aws.status, error.rpc, error.rpc.trace)
      var response = error.response
      response.describe(context, error.rpc.trace)
      return response
    }
  }

  private func refuse(_ error: AWSError, _ context: CallContext) -> ServerResponse {
    let failure: DoorFailure = error.status == 404 ? .unknown(error) : .malformed(error)
    self.reporting.refused(
      failure.rpc, httpStatus: error.status, in: context, from: self.peer.value.identity)
    var response = failure.response
    response.describe(context, failure.rpc.trace)
    return response
  }

  private func admit(
    _ request: ServerRequest, _ target: RequestTarget, _ record: CallRecord
  ) throws(DoorFailure) -> JobsCall {
    try self.identify(request, record)
    let call: JobsCall
    do throws(AWSError) {
      call = try JobsCall(record.operation, of: request, at: target)
    } catch {
      throw .malformed(error)
    }
    if let message = call.constraintMessage { throw .invalid(message) }
    if let refusal = record.authorize(call) { throw DoorFailure(policy: refusal) }
    return call
  }

  private func identify(
    _ request: ServerRequest, _ record: CallRecord
  ) throws(DoorFailure) {
    let access = self.peer.value.access
    var key: String?
    do throws(SignatureRefusal) {
      key = try self.signatures?.name(behind: request)
      if key != nil { self.metrics.checked(nil) }
    } catch {
      self.metrics.checked(error)
      throw DoorFailure(error, record.refuseCaller(error.message, by: access))
    }
    if let refusal = record.identify(key: key, by: access) {
      throw DoorFailure(policy: refusal)
    }
  }

  private func carryOut(
    _ call: JobsCall, _ record: CallRecord
  ) async throws(DoorFailure) -> RESTReply {
    do throws(JobsFailure) {
      return try await self.backend.restReply(to: call, in: record.context)
    } catch {
      throw DoorFailure(error, of: call)
    }
  }
}
