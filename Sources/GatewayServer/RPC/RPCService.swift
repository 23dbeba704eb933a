// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
import NIOCore
import Transport

/// Runs decoded calls against the backend, one for each event loop.
///
/// A call's task begins, waits and ends in that loop, so a call never changes threads and needs no
/// lock. The backend's type is the program's business: were this generic over it, the program's
/// module could not specialise it either, and each step of a call would look up its own types.
struct RPCService: Sendable {
  private let executor: LoopTaskExecutor
  private let backend: any JobsBackend

  init(loop: any EventLoop, backend: any JobsBackend) {
    self.executor = LoopTaskExecutor(loop)
    self.backend = backend
  }

  /// The outcome of a call that has nothing to wait for, and so needs no task; nil for all others.
  func outcomeAtHand(of call: JobsCall, in context: CallContext) -> RPCOutcome? {
    switch call {
    case .describe(let call):
      self.backend.outcomeAtHand(of: call, in: context).map { RPCOutcome($0) { RPCReply($0) } }
    case .getPending(let call):
      self.backend.outcomeAtHand(of: call, in: context).map {
        RPCOutcome($0, encode: RPCReply.pending)
      }
    case .startNext(let call):
      self.backend.outcomeAtHand(of: call, in: context).map {
        RPCOutcome($0, encode: RPCReply.started)
      }
    case .update(let call):
      self.backend.outcomeAtHand(of: call, in: context).map {
        RPCOutcome($0, encode: RPCReply.updated)
      }
    }
  }

  /// Starts a call from within the loop: it runs at once, until it first waits for something.
  ///
  /// - Parameter finish: runs in the loop too, exactly once, and perhaps before this returns.
  func start(
    _ call: JobsCall, in context: CallContext,
    then finish: @escaping @Sendable (RPCOutcome) -> Void
  ) -> Task<Void, Never> {
    Task.immediate(executorPreference: self.executor) {
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
    case .describe(let call): .described(try await self.backend.describe(call, in: context))
    case .getPending(let call): .pending(try await self.backend.getPending(call, in: context))
    case .startNext(let call): .started(try await self.backend.startNext(call, in: context))
    case .update(let call): .updated(try await self.backend.update(call, in: context))
    }
  }
}

/// How a call ended, before it is put into gRPC's words.
enum RPCOutcome: Sendable {
  case reply(RPCReply)
  case failure(JobsFailure)

  fileprivate init<Answer>(
    _ outcome: Result<Answer, JobsFailure>, encode: (Answer) -> RPCReply
  ) {
    switch outcome {
    case .success(let answer): self = .reply(encode(answer))
    case .failure(let failure): self = .failure(failure)
    }
  }
}

/// An encoded and framed answer with the facts of how it was come by.
struct RPCReply: Sendable {
  /// The length prefix and the message.
  var frame: [UInt8]
  var trace: UpstreamTrace

  private init(frame: [UInt8], _ trace: UpstreamTrace) {
    self.frame = frame
    self.trace = trace
  }

  init(_ trace: UpstreamTrace, encode: (inout [UInt8]) -> Void) {
    var frame: [UInt8] = []
    // Most answers fit, and the allocator has as much at hand.
    frame.reserveCapacity(512)
    MessageFraming.appendMessage(to: &frame, encode: encode)
    self.init(frame: frame, trace)
  }

  init(_ stored: StoredDescribe) {
    switch stored.answer {
    case .encoded(let frame):
      self.init(frame: frame, stored.trace)
    case .execution(let execution, let place):
      self.init(stored.trace) { WireResponse.appendDescribe(execution, to: &$0) }
      place?.keep(self.frame)
    }
  }

  fileprivate static func described(_ reply: JobsReply<JobExecution?>) -> RPCReply {
    RPCReply(reply.trace) { WireResponse.appendDescribe(reply.value, to: &$0) }
  }

  fileprivate static func pending(_ reply: JobsReply<PendingJobExecutions>) -> RPCReply {
    RPCReply(reply.trace) { WireResponse.appendGetPending(reply.value, to: &$0) }
  }

  fileprivate static func started(_ reply: JobsReply<JobExecution?>) -> RPCReply {
    RPCReply(reply.trace) { WireResponse.appendStartNext(reply.value, to: &$0) }
  }

  fileprivate static func updated(_ reply: JobsReply<UpdatedJobExecution>) -> RPCReply {
    RPCReply(reply.trace) { WireResponse.appendUpdate(reply.value, to: &$0) }
  }
}
