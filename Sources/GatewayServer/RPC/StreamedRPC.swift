// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import NIOCore

/// One call that may have many messages on one stream, from its accepted headers until its stream is
/// closed.
final class StreamedRPC {
  let streamID: Int32
  let method: StandardMethod
  let requestID: String
  /// Of the requests. Answers are not compressed.
  let encoding: MessageEncoding
  let call: any StreamedCall
  let startedAt: ContinuousClock.Instant
  /// On the scale of the event loop.
  let openedAt: NIODeadline
  var state: StreamedCallState
  /// All of the request body is in.
  var isRequestWhole = false
  /// The call knows that no more requests come.
  var wasToldEnd = false
  /// The response's headers are submitted.
  var hasBegun = false
  /// A message is on its way that the peer's windows have not let pass.
  var isSending = false
  /// The bytes of that message.
  var sendingBytes = 0
  /// What the memory budget was charged for the requests.
  var requestBytes = 0
  /// What the memory budget was charged for the call, the requests included.
  var chargedBytes = MemoryBudget.bytesPerCall
  /// Ends as soon as there is nothing to say.
  var isDraining = false
  /// Whether the metrics know how it ended.
  var isCounted = false
  /// The caller's deadline on the scale of the event loop.
  var dueAt: NIODeadline?

  init(
    streamID: Int32, method: StandardMethod, requestID: String, call: any StreamedCall,
    requestLimitBytes: Int, encoding: MessageEncoding, openedAt: NIODeadline
  ) {
    self.streamID = streamID
    self.method = method
    self.requestID = requestID
    self.encoding = encoding
    self.call = call
    self.startedAt = .now
    self.openedAt = openedAt
    self.state = StreamedCallState(
      method.requests, limitBytes: requestLimitBytes, encoding: encoding)
  }
}
