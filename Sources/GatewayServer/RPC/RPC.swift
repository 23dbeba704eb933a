// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobsAPI
import NIOCore

/// One call on one stream, from its accepted headers until its stream is closed.
final class RPC {
  let streamID: Int32
  let operation: JobsOperation
  let context: CallContext
  let startedAt: ContinuousClock.Instant
  /// Of the request.
  let encoding: MessageEncoding
  /// That the answer may have.
  let answerEncoding: MessageEncoding
  var state: UnaryCallState
  /// The backend's work, while there is any.
  var task: Task<Void, Never>?
  /// All of the request is in.
  var hasRequestEnded = false
  /// What the memory budget was charged for it.
  var chargedBytes = MemoryBudget.bytesPerCall
  /// Whether the metrics know how it ended.
  var isCounted = false
  /// What is asked, once it is read and is not answered at once.
  var call: JobsCall?
  /// Who makes it, and whether it may; nil when neither a policy nor the audit log asks.
  var access: CallAccess?
  /// The caller's deadline on the scale of the event loop.
  var dueAt: NIODeadline?

  init(
    streamID: Int32, operation: JobsOperation, context: CallContext,
    head: RequestHead, startedAt: ContinuousClock.Instant, requestLimitBytes: Int
  ) {
    self.streamID = streamID
    self.operation = operation
    self.context = context
    self.startedAt = startedAt
    self.encoding = head.encoding
    self.answerEncoding = head.answerEncoding
    self.state = UnaryCallState(limitBytes: requestLimitBytes, encoding: head.encoding)
  }
}
