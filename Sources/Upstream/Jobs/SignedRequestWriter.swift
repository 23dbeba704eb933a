// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import NIOCore

/// Writes whole signed requests of HTTP/1.1, each into one buffer.
///
/// Every byte of a head comes from here, from the configuration that was checked at start, from the
/// signer, which refuses what no header can carry, or is checked below: no caller's value can end a
/// line early and begin one of its own.
struct SignedRequestWriter: ~Copyable {
  /// What differs from attempt to attempt and from call to call.
  struct Attempt {
    var call: CallAttempt
    var time: SigningTime
    var credential: Credential
  }

  /// Stands before every path.
  private let basePath: String
  private let hostHeader: String
  /// The lines that every request has.
  private let fixedLines: ByteBuffer
  private var signer: RequestSigner

  /// - Parameter userAgent: printable ASCII; anything else is replaced, since it names and no more.
  init(endpoint: HTTPURL, region: String, userAgent: String) throws(SigningError) {
    self.basePath = endpoint.basePath
    self.hostHeader = endpoint.hostHeader
    self.signer = try RequestSigner(region: region)
    let agent = String(
      decoding: userAgent.utf8.map { 0x20...0x7e ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    self.fixedLines = ByteBuffer(
      string: "Host: \(self.hostHeader)\r\nUser-Agent: \(agent)\r\n"
        + "Accept-Encoding: identity\r\n")
  }

  mutating func write(
    _ request: RESTRequest, _ attempt: Attempt, in context: CallContext
  ) throws(SigningError) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(768 + self.basePath.utf8.count + (request.body?.count ?? 0))
    let method = request.method.rawValue
    buffer.writeString(method)
    buffer.writeStaticString(" ")
    let targetStart = buffer.writerIndex
    buffer.writeString(self.basePath)
    buffer.writeString(request.target)
    let targetEnd = buffer.writerIndex
    let body = request.body ?? []
    let signature = try self.signer.sign(
      method: method,
      target: buffer.readableBytesUInt8Span.extracting(targetStart..<targetEnd),
      host: self.hostHeader,
      headers: request.body == nil ? [] : [("content-type", "application/json")],
      body: body.span, credential: attempt.credential, at: attempt.time)
    buffer.writeStaticString(" HTTP/1.1\r\n")
    buffer.writeImmutableBuffer(self.fixedLines)
    Self.write(signature, to: &buffer)
    Self.write(attempt, to: &buffer)
    Self.writeTraceContext(context, to: &buffer)
    if request.body != nil {
      buffer.writeStaticString("Content-Type: application/json\r\nContent-Length: ")
      buffer.writeString(String(body.count))
      buffer.writeStaticString("\r\n")
    }
    buffer.writeStaticString("\r\n")
    buffer.writeBytes(body)
    return buffer
  }

  private static func write(_ signature: SignatureHeaders, to buffer: inout ByteBuffer) {
    buffer.writeStaticString("X-Amz-Date: ")
    buffer.writeString(signature.date)
    if let token = signature.securityToken {
      buffer.writeStaticString("\r\nX-Amz-Security-Token: ")
      buffer.writeString(token)
    }
    buffer.writeStaticString("\r\nAuthorization: ")
    buffer.writeString(signature.authorization)
  }

  private static func write(_ attempt: Attempt, to buffer: inout ByteBuffer) {
    buffer.writeStaticString("\r\namz-sdk-invocation-id: ")
    let invocation = attempt.call.invocation.characters
    // The raw view is copied before the span ends.
    unsafe _ = buffer.writeBytes(invocation.span.bytes)
    buffer.writeStaticString("\r\namz-sdk-request: attempt=")
    buffer.writeString(String(attempt.call.number))
    // As AWS's clients do, which tell the greatest number from the second attempt on.
    if attempt.call.number > 1 {
      buffer.writeStaticString("; max=")
      buffer.writeString(String(attempt.call.maximum))
    }
    buffer.writeStaticString("\r\n")
  }

  /// W3C trace context comes from the caller. What could not be a header is left out; nothing
  /// depends on it. `tracestate` means nothing without `traceparent` (Trace Context §3.3).
  private static func writeTraceContext(_ context: CallContext, to buffer: inout ByteBuffer) {
    guard let parent = context.traceparent, Self.isFieldValue(parent, limit: 128) else {
      return
    }
    buffer.writeStaticString("traceparent: ")
    buffer.writeString(parent)
    buffer.writeStaticString("\r\n")
    guard let state = context.tracestate, Self.isFieldValue(state, limit: 512) else {
      return
    }
    buffer.writeStaticString("tracestate: ")
    buffer.writeString(state)
    buffer.writeStaticString("\r\n")
  }

  private static func isFieldValue(_ text: String, limit: Int) -> Bool {
    1...limit ~= text.utf8.count && text.utf8.allSatisfy { 0x20...0x7e ~= $0 }
  }
}
