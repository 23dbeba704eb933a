// SPDX-License-Identifier: Apache-2.0

import Authorization
import GRPCWire
import JobsAPI
import Telemetry

/// What is counted of every call when it is over, however it ended.
struct CallFigures {
  var method: CallMethod
  var code = GRPCStatusCode.ok
  /// From its headers to its answer.
  var total = Duration.zero
  var stages = StageTimes()
  /// Nil unless the call is traced.
  var span: CallSpan?
}

/// All that is known of a call when it is over, however it ended: what the log says and what a span
/// carries come from here, so that they agree.
///
/// It is made once for a call at most, when ``CallReporting`` asks for it.
struct CallReport: Sendable {
  var method: CallMethod
  /// The request's id, and its trace.
  var context: CallContext
  /// Who made it, as far as somebody vouches for a name.
  var caller: CallerIdentity
  /// What was asked; nil when the request was not read, and for methods that are about no operation.
  var call: JobsCall?
  /// What the caller was told, or would have been; nil for an answer.
  var failure: RPCFailure?
  /// How it was answered; of a failure too.
  var trace: UpstreamTrace
  /// What the caller was told, for a call that came over HTTP as AWS has it; nil over gRPC.
  var httpStatus: Int?
  var startedAt: ContinuousClock.Instant
  var endedAt: ContinuousClock.Instant

  var code: GRPCStatusCode { self.failure?.code ?? .ok }

  /// From its headers to its answer.
  var total: Duration { self.startedAt.duration(to: self.endedAt) }
}

/// What a call names in its path, as far as it is known here.
enum CallMethod: Hashable, Sendable {
  case operation(JobsOperation)
  case standard(StandardMethod)
  /// No method of ours, or no gRPC at all.
  case unknown

  /// The value of metrics' `method`.
  var name: String {
    switch self {
    case .operation(let operation): operation.rawValue
    case .standard(let method): method.rawValue
    case .unknown: "unknown"
    }
  }
}
