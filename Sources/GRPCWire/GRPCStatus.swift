// SPDX-License-Identifier: Apache-2.0

// GRPCWire knows what gRPC puts into HTTP/2 (PROTOCOL-HTTP2.md of grpc/grpc): framing, metadata,
// status, timeouts, one RPC's state. It refuses to know sockets, HTTP/2 frames, protobuf and jobs.

/// How a call ended: `grpc-status` and `grpc-message`.
package struct GRPCStatus: Error, Equatable, Sendable {
  package var code: GRPCStatusCode

  /// For the person who reads the caller's log. May be empty.
  package var message: String

  package init(_ code: GRPCStatusCode, _ message: String = "") {
    self.code = code
    self.message = message
  }

  package static let ok = GRPCStatus(.ok)

  /// The value of `grpc-message`, percent-encoded.
  ///
  /// - Parameter limitBytes: A longer message is cut between characters, since clients refuse
  ///   trailers over 8 KiB or so and then lose the status too. Encoding can triple what is left.
  package func encodedMessage(limitBytes: Int = 1_024) -> [UInt8] {
    PercentEncoding.encode(self.message, limitBytes: limitBytes)
  }
}
