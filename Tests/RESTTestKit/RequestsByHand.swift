// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import NIOHTTP1
package import RESTServer

extension ServerRequest {
  /// A request as the handler would make it.
  package static func made(
    _ method: HTTPMethod, _ target: String, _ body: String = "", headers: HTTPHeaders = [:]
  ) -> ServerRequest {
    ServerRequest(
      method: method, target: target, headers: headers, body: ByteBuffer(string: body), id: "id",
      receivedAtSeconds: 1_767_323_045)
  }
}

extension ServerResponse {
  package var text: String { String(decoding: self.body, as: UTF8.self) }

  package func header(_ name: String) -> String? {
    self.headers.first { $0.name == name }?.value
  }
}
