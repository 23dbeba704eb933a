// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import JobsAPI
package import NIOCore

/// Runs decoded calls against the backend, one for each event loop.
///
/// It is an actor whose executor is that loop: a call's task begins, waits and ends there, so a
/// call never changes threads and needs no lock.
package actor RPCService<Backend: JobsBackend> {
  private let loop: any EventLoop
  private let backend: Backend

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    // The loop outlives the actor: it is held here.
    unsafe self.loop.executor.asUnownedSerialExecutor()
  }

  package init(loop: any EventLoop, backend: Backend) {
    self.loop = loop
    self.backend = backend
  }

  /// Starts a call from within the loop. `finish` runs in the loop too, exactly once.
  nonisolated func start(
    _ call: JobsCall, in context: CallContext,
    then finish: @escaping @Sendable (RPCOutcome) -> Void
  ) -> Task<Void, Never> {
    self.assumeIsolated { service in
      service.run(call, in: context, then: finish)
    }
  }

  private func run(
    _ call: JobsCall, in context: CallContext,
    then finish: @escaping @Sendable (RPCOutcome) -> Void
  ) -> Task<Void, Never> {
    Task {
      do throws(JobsFailure) {
        finish(.reply(try await self.answer(call, in: context)))
      } catch {
        finish(.failure(error))
      }
    }
  }

  private func answer(
    _ call: JobsCall, in context: CallContext
  ) async throws(JobsFailure) -> RPCReply {
    switch call {
    case .describe(let call):
      let reply = try await self.backend.describe(call, in: context)
      return RPCReply(reply.trace) { WireResponse.appendDescribe(reply.value, to: &$0) }
    case .getPending(let call):
      let reply = try await self.backend.getPending(call, in: context)
      return RPCReply(reply.trace) { WireResponse.appendGetPending(reply.value, to: &$0) }
    case .startNext(let call):
      let reply = try await self.backend.startNext(call, in: context)
      return RPCReply(reply.trace) { WireResponse.appendStartNext(reply.value, to: &$0) }
    case .update(let call):
      let reply = try await self.backend.update(call, in: context)
      return RPCReply(reply.trace) { WireResponse.appendUpdate(reply.value, to: &$0) }
    }
  }
}

/// How a call ended, before it is put into gRPC's words.
enum RPCOutcome: Sendable {
  case reply(RPCReply)
  case failure(JobsFailure)
}

/// An encoded and framed answer with the facts of how it was come by.
struct RPCReply: Sendable {
  /// The length prefix and the message.
  var frame: [UInt8]
  var trace: UpstreamTrace

  init(_ trace: UpstreamTrace, encode: (inout [UInt8]) -> Void) {
    self.frame = []
    self.trace = trace
    MessageFraming.appendMessage(to: &self.frame, encode: encode)
  }
}
