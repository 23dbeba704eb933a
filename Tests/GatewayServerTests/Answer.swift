// SPDX-License-Identifier: Apache-2.0

import Foundation
import GatewayTestKit

/// What came back on one stream, put together from its frames.
struct Answer: Equatable {
  var headers: [String] = []
  var body: [UInt8] = []
  var trailers: [String] = []
  var isEnded = false
  /// The code of RST_STREAM, if the stream ended so.
  var resetCode: UInt32?

  /// One HEADERS frame and nothing else.
  var isTrailersOnly: Bool {
    self.isEnded && self.trailers.isEmpty && self.body.isEmpty
  }

  /// A field's value, wherever it stands.
  subscript(name: String) -> String? {
    let prefix = name + ": "
    let field = (self.headers + self.trailers).first { $0.hasPrefix(prefix) }
    return field.map { String($0.dropFirst(prefix.count)) }
  }

  var status: String? { self["grpc-status"] }

  /// `google.rpc.Status` as it was sent.
  var details: [UInt8]? {
    guard var text = self["grpc-status-details-bin"] else { return nil }
    // Senders need not pad (PROTOCOL-HTTP2.md), and Foundation wants it.
    while text.utf8.count % 4 != 0 { text += "=" }
    return Data(base64Encoded: text).map { Array($0) }
  }

  /// The size that a receiver's limit is held against (RFC 9113 §6.5.2).
  var headerListBytes: Int {
    // One byte of ": " each stands for what is none of name or value.
    (self.headers + self.trailers).reduce(0) { $0 + $1.utf8.count - 2 + 32 }
  }

  mutating func add(_ frame: Frame, _ inflater: HeaderInflater) {
    switch frame.kind {
    case .headers:
      let fields = inflater.inflate(frame.payload) ?? ["not HPACK"]
      if self.headers.isEmpty { self.headers = fields } else { self.trailers += fields }
    case .data: self.body += frame.payload
    case .resetStream: self.resetCode = UInt32(frame.payload)
    default: return
    }
    if frame.kind != .resetStream { self.isEnded = self.isEnded || frame.endsStream }
  }
}
