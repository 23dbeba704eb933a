// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
package import Logging
import NIOCore
import Synchronization
package import Telemetry
import Transport

/// Counts how connections begin, and tells an operator of those that do not: each kind of failure
/// once a minute at most, for a client that fails tries again and again.
package final class OpeningLedger: Sendable {
  private static let pause: Duration = .seconds(60)

  private let logger: Logger
  private let handshakes: LabelledCounters<HandshakeResult>
  private let refusals: LabelledCounters<RefusalLabel>
  /// When each kind may be told again, and how many were not.
  private let told = Mutex<[String: (due: ContinuousClock.Instant, hidden: Int)]>([:])

  package init(registry: MetricsRegistry, logger: Logger) {
    self.logger = logger
    self.handshakes = registry.counters(
      HandshakeResult.self, "iot_jobs_gateway_tls_handshakes_total",
      help: "Handshakes with callers, by result.", label: "result")
    self.refusals = registry.counters(
      RefusalLabel.self, "iot_jobs_gateway_openings_refused_total",
      help: "Connections whose first bytes were not what the port expects.", label: "reason")
  }

  func refused(
    _ refusal: OpeningRefusal, _ peer: SocketAddress?, on port: ServedProtocol = .grpc,
    now: ContinuousClock.Instant = .now
  ) {
    self.refusals.increment(RefusalLabel(refusal))
    // Port scanners and health checks of load balancers open connections and say nothing.
    guard refusal != .silent, let hidden = self.hidden(refusal.rawValue, now) else { return }
    self.tell("a connection was refused", refusal.words(on: port), peer, hidden)
  }

  func handshakeSucceeded(_ handshake: TLSHandshake) {
    self.handshakes.increment(handshake.isResumed ? .resumed : .full)
  }

  /// - Parameter failure: nil if the socket failed and not the handshake.
  func handshakeFailed(
    _ failure: TLSFailure?, _ peer: SocketAddress?, now: ContinuousClock.Instant = .now
  ) {
    let result = failure.map(HandshakeResult.init) ?? .closed
    self.handshakes.increment(result)
    guard result != .closed, let failure, let hidden = self.hidden(result.rawValue, now) else {
      return
    }
    self.tell("a TLS handshake failed", failure.words, peer, hidden)
  }

  func acceptFailed(_ failure: AcceptFailure, now: ContinuousClock.Instant = .now) {
    self.refusals.increment(.notAccepted)
    guard let hidden = self.hidden("not_accepted", now) else { return }
    self.tell("connections cannot be accepted", failure.words, nil, hidden)
  }

  private func tell(
    _ message: Logger.Message, _ reason: String, _ peer: SocketAddress?, _ hidden: Int
  ) {
    var metadata: Logger.Metadata = [LogKey.reason: "\(reason)"]
    if let address = peer?.ipAddress { metadata[LogKey.peer] = "\(address)" }
    if hidden > 0 { metadata[LogKey.hidden] = "\(hidden)" }
    self.logger.warning(message, metadata: metadata)
  }

  /// - Returns: How many of the kind were not told since the last that was; nil if this one is not.
  private func hidden(_ kind: String, _ now: ContinuousClock.Instant) -> Int? {
    self.told.withLock { told in
      if let last = told[kind], now < last.due {
        told[kind] = (last.due, last.hidden + 1)
        return nil
      }
      let hidden = told[kind]?.hidden ?? 0
      told[kind] = (now.advanced(by: Self.pause), 0)
      return hidden
    }
  }
}

/// Why a connection did not begin, in a word for a metric.
private enum RefusalLabel: String, CaseIterable {
  case http1
  case http2
  case tls
  case plaintext
  case silent
  /// The system had none to give.
  case notAccepted = "not_accepted"

  init(_ refusal: OpeningRefusal) {
    self =
      switch refusal {
      case .http1: .http1
      case .http2: .http2
      case .tls: .tls
      case .plaintext: .plaintext
      case .silent: .silent
      }
  }
}

/// What a handshake came to, in few words for a metric.
enum HandshakeResult: String, CaseIterable {
  case full
  case resumed
  case badCertificate = "bad_certificate"
  case noCertificate = "no_certificate"
  /// The client refused us, mostly for our certificate.
  case refusedByClient = "refused_by_client"
  case notTLS = "not_tls"
  case nothingInCommon = "nothing_in_common"
  case timeout
  /// The client hung up.
  case closed
  case failed

  init(_ failure: TLSFailure) {
    switch failure {
    case .engine(.certificateRejected): self = .badCertificate
    case .engine(.noCertificate): self = .noCertificate
    case .engine(.alertReceived): self = .refusedByClient
    case .engine(.notTLS): self = .notTLS
    case .engine(.nothingInCommon): self = .nothingInCommon
    case .handshakeTimedOut: self = .timeout
    case .closedDuringHandshake, .truncated: self = .closed
    case .engine, .tooMuchHeld: self = .failed
    }
  }
}
