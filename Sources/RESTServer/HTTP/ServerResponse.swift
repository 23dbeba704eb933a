// SPDX-License-Identifier: Apache-2.0

/// A whole answer. Length, date, connection and request id are added on the way out.
package struct ServerResponse: Equatable, Sendable {
  package struct Header: Equatable, Sendable {
    package var name: String
    /// Holds no control character: it is written as it stands.
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What becomes of the answer on the wire. All but ``whole`` are faults on demand.
  package enum Delivery: Equatable, Sendable {
    case whole
    /// The head promises the whole body; this many bytes of it follow, then the connection closes.
    case truncated(bodyBytes: Int)
    /// The connection closes without a byte of it.
    case dropped
  }

  package var status: Int
  package var headers: [Header]
  package var contentType: String
  package var body: [UInt8]
  /// The id of whoever really answered, in place of the one made for the request.
  package var requestID: String?
  package var delivery = Delivery.whole

  package static let json = "application/json"

  package init(
    status: Int, headers: [Header] = [], contentType: String = Self.json, body: [UInt8] = []
  ) {
    self.status = status
    self.headers = headers
    self.contentType = contentType
    self.body = body
  }
}
