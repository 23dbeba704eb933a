// SPDX-License-Identifier: Apache-2.0

package import Transport

/// Why an attempt brought no response. Whether the request may have been carried out is told by the
/// case, see ``mayHaveBeenApplied``.
package enum ExchangeFailure: Error, Equatable, Sendable {
  // Ours: there was no connection to send it on.
  case queueFull(limit: Int)
  case draining
  case connectFailed(ConnectFailure)

  // The upstream's, or the network's.
  /// Closed before the kernel had taken the whole request.
  case notSent(reused: Bool)
  /// Closed after the request, before any byte of a response.
  case closedBeforeResponse(reused: Bool)
  /// Closed within the response.
  case interrupted
  case malformedResponse(Malformation)

  // The clock's, and the caller's.
  /// The attempt's time ran out, waiting for a connection or for the response.
  case timedOut(requestSent: Bool)
  /// The upstream had the request for as long as it may take to begin its response.
  case firstByteTimedOut(requestSent: Bool)
  case cancelled(requestSent: Bool)

  package enum Malformation: Error, Equatable, Sendable {
    /// Not HTTP/1.1, or beyond the limits on heads.
    case notHTTP
    /// The server switched protocols, unasked.
    case upgrade
    case bodyTooLarge(limit: Int)

    package var words: String {
      switch self {
      case .notHTTP: "not an HTTP/1.1 response"
      case .upgrade: "unasked change of protocol"
      case .bodyTooLarge(let limit): "body over \(limit) bytes"
      }
    }
  }

  /// False only if the upstream cannot have had the whole request, signature and all: what it had of
  /// it, it could not carry out.
  package var mayHaveBeenApplied: Bool {
    switch self {
    case .queueFull, .draining, .connectFailed, .notSent: false
    case .closedBeforeResponse, .interrupted, .malformedResponse: true
    case .timedOut(let requestSent), .firstByteTimedOut(let requestSent),
      .cancelled(let requestSent):
      requestSent
    }
  }

  /// What its connection was closed for.
  var closeReason: PoolState.CloseReason {
    switch self {
    case .timedOut, .firstByteTimedOut: .timeout
    case .cancelled: .cancelled
    case .queueFull, .draining, .connectFailed, .notSent, .closedBeforeResponse, .interrupted,
      .malformedResponse:
      .failed
    }
  }
}
