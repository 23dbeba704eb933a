// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine

/// What all requests of one connection have in common.
struct RequestHeadTemplate: Sendable {
  var isSecure: Bool
  var authority: String
  var userAgent: String

  /// The header list of a gRPC request (PROTOCOL-HTTP2.md of grpc/grpc, "Requests").
  func headers(path: String, _ options: RequestOptions) -> HeaderFields {
    var headers = HeaderFields(reservingBytes: 384, fields: 12)
    headers.append(":method", "POST")
    headers.append(":scheme", self.isSecure ? "https" : "http")
    headers.append(":path", text: path, .repeated)
    headers.append(":authority", text: self.authority, .repeated)
    headers.append("te", "trailers")
    headers.append("content-type", "application/grpc")
    headers.append("user-agent", text: self.userAgent, .repeated)
    headers.append("grpc-accept-encoding", MessageEncoding.accepted)
    headers.append("grpc-timeout", text: GRPCTimeout.encode(options.timeout))
    for (name, value) in options.metadata { headers.append(named: name, text: value) }
    return headers
  }
}
