// SPDX-License-Identifier: Apache-2.0

/// What a peer did, in the order in which it did it.
package enum HTTP2Event: Sendable {
  /// A stream opened with a valid request header list. `endStream` means that no body follows.
  case requestHeaders(streamID: Int32, fields: HeaderFields, endStream: Bool)

  /// A stream opened with more header fields than ``HTTP2Limits`` allow. `fields` holds those that
  /// fit, in order, so that the answer can suit the content type. The stream is open and wants an
  /// answer like any other.
  case requestHeadersTooLarge(streamID: Int32, fields: HeaderFields, endStream: Bool)

  /// Bytes of a body. Read them with ``HTTP2Session/withBytes(of:_:)`` before the next
  /// ``HTTP2Session/receive(_:)``, then say so with ``HTTP2Session/consume(_:on:)``.
  case data(streamID: Int32, ReceivedBytes)

  /// The peer will send no more on this stream. Trailers of a request carry nothing for gRPC
  /// and are dropped.
  case requestEnded(streamID: Int32)

  /// All that was pushed to a response is in frames: there is room for the next piece. Comes after
  /// a drain, and only while ``HTTP2Session/beginResponse(_:on:)``'s response goes on.
  case responseDrained(streamID: Int32)

  /// The stream is over, whoever ended it. `noError` after a complete exchange; the peer's code
  /// after RST_STREAM. Comes once for every stream that was opened, and nothing comes after it.
  case streamClosed(streamID: Int32, code: HTTP2ErrorCode)

  /// The peer will open no more streams.
  case goAwayReceived(code: HTTP2ErrorCode)

  /// The peer has seen the notice of ``HTTP2Session/beginShutdown()``: what it opens from now on it
  /// opened knowingly, so ``HTTP2Session/finishShutdown()`` cuts nobody off.
  case shutdownNoticeAcknowledged
}

/// A place in the session's receive arena. Good until the next ``HTTP2Session/receive(_:)``.
package struct ReceivedBytes: Equatable, Sendable {
  let range: Range<Int>

  package var count: Int { self.range.count }
}

/// The answer to ``HTTP2Session/submitResponse(_:on:)``.
package enum OnSubmitResponse: Equatable, Sendable {
  /// Queued; ``HTTP2Session/drainOutbound(atMost:into:)`` writes it.
  case queued
  /// The stream is closed or was never open; there is nobody to answer.
  case streamClosed
  /// The stream has its answer, or was reset from here.
  case alreadyAnswered
}

/// The answer to ``HTTP2Session/push(_:on:)`` and
/// ``HTTP2Session/endResponse(with:discardingUnsent:on:)``.
package enum OnPush: Equatable, Sendable {
  case queued
  /// The stream is closed or reset, or its response is whole or never began.
  case notStreaming
}

/// The answer to ``HTTP2Session/drainOutbound(atMost:into:)``.
package enum OnDrain: Equatable, Sendable {
  /// Nothing is left that the peer's windows allow.
  case drained
  /// The allowance is used up; drain again when the channel is writable.
  case paused
}
