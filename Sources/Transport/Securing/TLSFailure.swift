// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine

/// Why a secured channel could not be, or could not go on.
package enum TLSFailure: Error, Equatable, Sendable {
  /// The protocol failed, by the peer's doing or ours.
  case engine(TLSError)
  /// The peer took longer than this to shake hands.
  case handshakeTimedOut(Duration)
  /// The peer hung up before the two agreed on anything.
  case closedDuringHandshake
  /// The peer hung up without saying that it had sent all: what it sent last may be cut short.
  case truncated
  /// More was written than may wait for the handshake, in bytes.
  case tooMuchHeld(limit: Int)

  package var words: String {
    switch self {
    case .engine(let error): "TLS: \(error.words)"
    case .handshakeTimedOut(let limit): "TLS handshake timed out after \(limit)"
    case .closedDuringHandshake: "TLS: peer closed the connection during the handshake"
    case .truncated: "TLS: peer closed the connection without close_notify"
    case .tooMuchHeld(let limit): "TLS: more than \(limit) bytes wait for the handshake"
    }
  }
}
