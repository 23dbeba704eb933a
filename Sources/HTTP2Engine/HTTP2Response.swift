// SPDX-License-Identifier: Apache-2.0

/// One whole answer. What is empty is not sent: a response of headers alone is the single HEADERS
/// frame with END_STREAM that gRPC calls Trailers-Only.
package struct HTTP2Response: Sendable {
  /// `:status` first.
  package var headers: HeaderFields

  /// Sent in DATA frames as the peer's windows allow.
  package var body: [UInt8]

  /// Sent after the body with END_STREAM.
  package var trailers: HeaderFields

  package init(
    headers: HeaderFields, body: [UInt8] = [], trailers: HeaderFields = HeaderFields()
  ) {
    self.headers = headers
    self.body = body
    self.trailers = trailers
  }
}
