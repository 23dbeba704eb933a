// SPDX-License-Identifier: Apache-2.0

/// Why a session cannot go on. Each case ends the connection: drain what is left to say, then close.
///
/// What concerns one stream only is never thrown; it arrives as an ``HTTP2Event``.
package enum HTTP2SessionError: Error, Equatable {
  /// The peer's first bytes are not HTTP/2's preface (RFC 9113 §3.4); HTTP/1.1 ends here too.
  case notHTTP2

  /// The peer makes the session queue more than the limits allow: acknowledgements it does not
  /// read, CONTINUATION frames without end, resets it provokes.
  case flooded

  /// The peer broke a rule that ends the connection with this code (RFC 9113 §5.4.1).
  case violated(HTTP2ErrorCode)

  /// The session had failed before; it takes nothing more.
  case alreadyFailed

  /// libnghttp2 ran out of memory.
  case outOfMemory

  /// libnghttp2 answered with a code that is not a peer's doing.
  ///
  /// - Parameters:
  ///   - code: One of `nghttp2_error`, or one that later versions add.
  ///   - during: The function that returned it.
  case native(code: Int32, during: NativeCall)

  /// The functions of libnghttp2 whose answers are checked, for the log.
  package enum NativeCall: String, Sendable {
    case createSession, submitSettings, setWindow, receive, send, consume, submitRequest
    case submitResponse, submitTrailers, resume, submitReset, submitGoAway, submitPing
  }
}
