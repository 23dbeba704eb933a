// SPDX-License-Identifier: Apache-2.0

/// Why a proxy made no tunnel. Nothing of what the proxy wrote stands in it but the status.
package indirect enum ProxyFailure: Error, Equatable, Sendable {
  /// The proxy itself could not be reached, or the connection to it broke.
  case unreachable(ConnectFailure)
  /// It answered, and the answer is no.
  case refused(status: Int)
  /// It hung up instead of an answer.
  case closed
  /// It took longer than this to answer.
  case timedOut(Duration)
  /// It answered with something other than HTTP/1.
  case notHTTP
  /// The head of its answer is longer than this, in bytes.
  case answerTooLong(limit: Int)
  /// The host to reach, or the value of `Proxy-Authorization`, holds a byte that no request may.
  case unwritable

  package var words: String {
    switch self {
    case .unreachable(let failure): "proxy: \(failure.words)"
    case .refused(status: 407): "proxy: wants credentials, or others than it was given (407)"
    case .refused(status: 403): "proxy: forbids this host and port (403)"
    case .refused(status: 502), .refused(status: 503), .refused(status: 504):
      "proxy: cannot reach the host itself"
    case .refused(let status): "proxy: answered CONNECT with status \(status)"
    case .closed: "proxy: closed the connection without an answer"
    case .timedOut(let limit): "proxy: no answer to CONNECT within \(limit)"
    case .notHTTP: "proxy: the answer to CONNECT is not HTTP"
    case .answerTooLong(let limit): "proxy: the answer's head is over \(limit) bytes"
    case .unwritable: "proxy: host or credentials hold a byte that no request may"
    }
  }
}
