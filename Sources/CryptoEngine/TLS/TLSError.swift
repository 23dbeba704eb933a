// SPDX-License-Identifier: Apache-2.0

/// Why a connection cannot go on. Drain once more, so that the peer learns why, then close.
package enum TLSError: Error, Equatable, Sendable {
  // The peer's, or what we expect of it.
  /// Its certificate does not show that it is whom we mean.
  case certificateRejected(CertificateRejection)
  /// It ended the connection and said why.
  case alertReceived(TLSAlert)
  /// It speaks something else on this port.
  case notTLS(PlainProtocol)
  /// No version, cipher suite or application protocol that both sides take.
  case nothingInCommon(reason: String)
  /// A client showed no certificate where one is asked for.
  case noCertificate
  /// It broke the protocol, or somebody changed its bytes on the way.
  case protocolViolation(reason: String)
  case handshakeTooLong(limit: Int)
  /// It made us answer more than may wait.
  case flooded(limit: Int)

  // Ours.
  /// The connection had failed before; it takes nothing more.
  case alreadyFailed
  /// The library itself: out of memory, or of entropy.
  case native(CryptoError)

  /// What answers in the place of TLS, as far as its first bytes tell.
  package enum PlainProtocol: Equatable, Sendable {
    case http
    case unknown
  }
}

extension TLSError {
  /// For an operator: what is wrong, and with whose certificate.
  package var words: String {
    switch self {
    case .certificateRejected(let rejection): rejection.words
    case .alertReceived(let alert): "peer refused: \(alert.words) (alert \(alert.code))"
    case .notTLS(.http): "peer speaks plain HTTP on this port, not TLS"
    case .notTLS(.unknown): "peer does not speak TLS on this port"
    case .nothingInCommon(let reason): "nothing in common with the peer: \(reason)"
    case .noCertificate: "peer showed no certificate"
    case .protocolViolation(let reason): "peer broke the protocol: \(reason)"
    case .handshakeTooLong(let limit): "handshake of more than \(limit) bytes"
    case .flooded(let limit): "peer provoked more than \(limit) bytes of answers"
    case .alreadyFailed: "connection had failed before"
    case .native(.native(let function, let code, let reason)): "\(function): \(reason) (\(code))"
    }
  }
}
