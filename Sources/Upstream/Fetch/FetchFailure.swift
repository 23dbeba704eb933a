// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
import Transport

/// Why a fetch brought no response. A response with whatever status is none of these.
package enum FetchFailure: Error, Equatable, Sendable {
  // Ours.
  /// An https URL, and nobody gave the means to speak TLS.
  case noTLS
  /// The host cannot be the name on a certificate.
  case unverifiableHost
  /// A proxy that is itself spoken to by TLS.
  case secureProxy(SettingOrigin)
  /// A part of the request holds a byte that no request can carry.
  case unsendable

  // The other side's, the network's or the clock's.
  case exchange(ExchangeFailure)

  /// For an operator. Nothing of the peer's stands in it, nor of the request.
  package var words: String {
    switch self {
    case .noTLS: "https needs TLS, which is not set up"
    case .unverifiableHost: "the host cannot be verified by a certificate"
    case .secureProxy(let origin): "\(origin) names a proxy behind https, which is not supported"
    case .unsendable: "the request holds bytes that cannot be sent"
    case .exchange(.notSent): "connection closed while the request was sent"
    case .exchange(.closedBeforeResponse): "connection closed without an answer"
    case .exchange(.interrupted): "connection closed within the answer"
    case .exchange(.malformedResponse(let malformation)): "the answer is \(malformation.words)"
    case .exchange(.timedOut(requestSent: true)): "no answer in time"
    case .exchange(.timedOut(requestSent: false)): "no connection in time"
    case .exchange(let failure): failure.words
    }
  }

  /// True if time ran out, wherever the fetch was.
  package var isTimeout: Bool {
    switch self {
    case .exchange(.timedOut), .exchange(.connectFailed(.timedOut)): true
    default: false
    }
  }
}
