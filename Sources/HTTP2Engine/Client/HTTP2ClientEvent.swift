// SPDX-License-Identifier: Apache-2.0

/// What a server did, in the order in which it did it.
package enum HTTP2ClientEvent: Sendable {
  /// The final response's headers. Interim ones (1xx, RFC 9110 §15.2) are dropped.
  case responseHeaders(streamID: Int32, fields: HeaderFields)

  /// Bytes of a body. Read them with ``HTTP2ClientSession/withBytes(of:_:)`` before the next
  /// ``HTTP2ClientSession/receive(_:)``, then say so with ``HTTP2ClientSession/consume(_:on:)``.
  case data(streamID: Int32, ReceivedBytes)

  /// What follows the body. The response ends with it.
  case trailers(streamID: Int32, fields: HeaderFields)

  /// The server will send no more on this stream.
  case responseEnded(streamID: Int32)

  /// The stream is over, whoever ended it; `refusedStream` if the server has surely not looked at
  /// the request (RFC 9113 §8.7). Comes once for every request, and nothing comes after it.
  case streamClosed(streamID: Int32, code: HTTP2ErrorCode)

  /// The server will look at no request that is opened from now on. Those open already end by
  /// themselves.
  case goAwayReceived(code: HTTP2ErrorCode)
}

/// The answer to ``HTTP2ClientSession/submitRequest(_:body:)``.
package enum OnSubmitRequest: Equatable, Sendable {
  /// Queued; it goes out as soon as the server allows one more stream.
  case queued(streamID: Int32)
  /// As many are open as ``HTTP2ClientLimits/maxOpenRequests`` allows.
  case tooMany
  /// The connection takes no more requests: it was told to go away, has failed, or has no number
  /// left for a stream.
  case connectionEnding
}
