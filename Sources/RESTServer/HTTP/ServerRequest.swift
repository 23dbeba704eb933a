// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1

/// A whole request as it came off the wire: nothing decoded, nothing joined, nothing left out.
package struct ServerRequest: Sendable {
  package var method: HTTPMethod
  /// Path and query exactly as in the request line: signatures cover these bytes.
  package var target: String
  /// All headers in the order they came.
  package var headers: HTTPHeaders
  package var body: ByteBuffer
  /// Made here for this request; goes out as `x-amzn-RequestId`.
  package var id: String
  /// When its head came, in seconds since 1970 (UTC).
  package var receivedAtSeconds: Int64

  package init(
    method: HTTPMethod, target: String, headers: HTTPHeaders = HTTPHeaders(),
    body: ByteBuffer = ByteBuffer(), id: String, receivedAtSeconds: Int64
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.id = id
    self.receivedAtSeconds = receivedAtSeconds
  }
}

/// Whoever answers whole requests. One is made for each event loop and is called only there; it may
/// suspend, and comes back to the same loop.
package protocol RequestResponder: Sendable {
  func respond(to request: ServerRequest, on loop: any EventLoop) async -> ServerResponse
}
