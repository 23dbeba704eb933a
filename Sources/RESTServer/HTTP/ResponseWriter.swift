// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Writes an answer as the bytes of HTTP/1.1 (RFC 9112 §4), head and body in one buffer, so that it
/// costs one write. Nothing is chunked: answers are whole before they leave.
struct ResponseWriter {
  private var date: HTTPDate

  init(epochSeconds: Int64) {
    self.date = HTTPDate(epochSeconds: epochSeconds)
  }

  static func inviteBody(into buffer: inout ByteBuffer) {
    buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
  }

  /// - Parameters:
  ///   - isHead: the request was HEAD: the head of the answer is all of it (RFC 9110 §9.3.2).
  ///   - keepAlive: whether another request may follow.
  mutating func write(
    _ response: ServerResponse, requestID: String, epochSeconds: Int64, isHead: Bool,
    keepAlive: Bool, into buffer: inout ByteBuffer
  ) {
    self.date.move(to: epochSeconds)
    buffer.writeStaticString("HTTP/1.1 ")
    buffer.writeString(String(response.status))
    buffer.writeStaticString(" ")
    buffer.writeString(HTTPResponseStatus(statusCode: response.status).reasonPhrase)
    buffer.writeStaticString("\r\nx-amzn-RequestId: ")
    buffer.writeString(response.requestID ?? requestID)
    buffer.writeStaticString("\r\nDate: ")
    buffer.writeString(self.date.text)
    buffer.writeStaticString("\r\nContent-Type: ")
    buffer.writeString(response.contentType)
    buffer.writeStaticString("\r\nContent-Length: ")
    buffer.writeString(String(response.body.count))
    for header in response.headers {
      buffer.writeStaticString("\r\n")
      buffer.writeString(header.name)
      buffer.writeStaticString(": ")
      buffer.writeString(header.value)
    }
    if !keepAlive { buffer.writeStaticString("\r\nConnection: close") }
    buffer.writeStaticString("\r\n\r\n")
    if !isHead { Self.writeBody(of: response, into: &buffer) }
  }

  private static func writeBody(of response: ServerResponse, into buffer: inout ByteBuffer) {
    switch response.delivery {
    case .whole: buffer.writeBytes(response.body)
    case .truncated(let count): buffer.writeBytes(response.body.prefix(max(0, count)))
    case .dropped: break
    }
  }
}
