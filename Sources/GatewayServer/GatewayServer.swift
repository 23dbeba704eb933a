// SPDX-License-Identifier: Apache-2.0

// GatewayServer knows callers: connections, gRPC, and how failures are told. It knows nothing of
// AWS: whatever carries out a call is a JobsBackend.

package import HTTP2Engine
package import JobsAPI
package import Logging
package import NIOCore
import Telemetry
import Transport

/// What one call may cost.
package struct CallLimits: Sendable {
  /// Largest request message taken. The largest legal request is below 48 KiB: ten pairs of status
  /// details of 128 and 1024 characters of four bytes.
  package var requestBytes: Int

  /// Larger answers are compressed for callers that take it. Smaller ones gain too little: gzip's
  /// own header and checksum are 18 bytes.
  package var compressAboveBytes: Int

  package init(requestBytes: Int = 65_536, compressAboveBytes: Int = 1_024) {
    self.requestBytes = requestBytes
    self.compressAboveBytes = compressAboveBytes
  }
}

/// Serves gRPC on any number of addresses in front of one backend for each event loop.
package struct GatewayServer: Sendable {
  private let services: [ObjectIdentifier: RPCService]
  let group: any EventLoopGroup
  private let http2Limits: HTTP2Limits
  private let callLimits: CallLimits
  private let accessControl: AccessControl?
  private let terms: ConnectionTerms
  private let standard: StandardMethods
  private let reporting: CallReporting
  private let logger: Logger

  /// - Parameters:
  ///   - accessControl: who may call what; nil when everybody may do everything.
  ///   - backend: gives the backend of one event loop, asked once for each. A connection that comes
  ///     in on a loop without one is closed.
  package init(
    on group: any EventLoopGroup, http2Limits: HTTP2Limits = HTTP2Limits(),
    callLimits: CallLimits = CallLimits(), terms: ConnectionTerms = ConnectionTerms(),
    accessControl: AccessControl? = nil,
    standard: StandardMethods, reporting: CallReporting, logger: Logger,
    backend: (any EventLoop) -> (any JobsBackend)?
  ) {
    var services: [ObjectIdentifier: RPCService] = [:]
    for loop in group.makeIterator() {
      guard let backend = backend(loop) else { continue }
      services[ObjectIdentifier(loop)] = RPCService(loop: loop, backend: backend)
    }
    self.services = services
    self.group = group
    self.http2Limits = http2Limits
    self.callLimits = callLimits
    self.accessControl = accessControl
    self.terms = terms
    self.standard = standard
    self.reporting = reporting
    self.logger = logger
  }

  /// Puts what speaks gRPC at the end of a connection's pipeline.
  func serve(_ channel: any Channel, _ peer: ConnectionPeer) throws {
    guard let service = self.services[ObjectIdentifier(channel.eventLoop)] else {
      throw ChannelError.operationUnsupported
    }
    let session = try HTTP2Session(limits: self.http2Limits)
    let handler = HTTP2Handler(
      session: session, service: service, standard: self.standard, reporting: self.reporting,
      limits: self.callLimits, terms: self.terms, logger: self.logger, loop: channel.eventLoop)
    handler.peer = peer
    handler.accessControl = self.accessControl
    try channel.pipeline.syncOperations.addHandler(handler)
  }
}
