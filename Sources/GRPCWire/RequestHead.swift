// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The header values of a request that gRPC itself reads, as they came. Nil is a missing field.
package struct RequestHeadFields: Sendable {
  /// `:method`
  package var method: ArraySlice<UInt8>?
  /// `:path`
  package var path: ArraySlice<UInt8>?
  /// `content-type`
  package var contentType: ArraySlice<UInt8>?
  /// `te`
  package var te: ArraySlice<UInt8>?
  /// `grpc-encoding`
  package var encoding: ArraySlice<UInt8>?
  /// `grpc-accept-encoding`
  package var acceptEncoding: ArraySlice<UInt8>?
  /// `grpc-timeout`
  package var timeout: ArraySlice<UInt8>?
  /// The name of a field that ends in `-bin` and whose value is not ``BinaryMetadata``.
  package var malformedBinaryName: ArraySlice<UInt8>?

  package init() {}
}

/// What a gRPC request says before its messages.
package struct RequestHead: Equatable, Sendable {
  /// `/package.Service/Method`, as it came: what is not the path of a method that exists is
  /// UNIMPLEMENTED, whatever it looks like, and only the dispatcher knows which exist.
  package var path: ArraySlice<UInt8>

  /// How long the caller waits, at most a year; nil means for ever.
  package var timeout: Duration?

  /// Of the request's messages.
  package var encoding: MessageEncoding

  /// The best that an answer's messages may have: that of the request's, unless the caller says
  /// that it does not take it back.
  package var answerEncoding: MessageEncoding

  package init(
    path: ArraySlice<UInt8>, timeout: Duration? = nil, encoding: MessageEncoding = .identity,
    answerEncoding: MessageEncoding = .identity
  ) {
    self.path = path
    self.timeout = timeout
    self.encoding = encoding
    self.answerEncoding = answerEncoding
  }
}

/// The answer to ``RequestHead/read(_:)``.
package enum OnRequestHead: Equatable, Sendable {
  /// A gRPC call with protobuf messages.
  case accept(RequestHead)
  /// Not gRPC: answer with an HTTP status.
  case reject(HTTPRejection)
  /// gRPC, and not acceptable: answer with trailers only.
  case refuse(GRPCStatus)
  /// Compressed in a way we do not know: answer with trailers only that include
  /// `grpc-accept-encoding` with ``MessageEncoding/accepted`` (compression.md of grpc/grpc).
  case refuseEncoding(GRPCStatus)
}

extension RequestHead {
  /// Judges a request by its headers, in the order in which a peer can be told most.
  package static func read(_ fields: RequestHeadFields) -> OnRequestHead {
    guard equals(fields.method, "POST") else {
      return .reject(equals(fields.method, "HEAD") ? .headNotAllowed : .methodNotAllowed)
    }
    // Nearly all callers say just this.
    guard equals(fields.contentType, "application/grpc") || isAccepted(fields.contentType) else {
      return .reject(.unsupportedMediaType)
    }
    // Its only purpose is to find proxies that would drop trailers, so the text says so.
    guard equals(fields.te, "trailers") else {
      return .refuse(
        GRPCStatus(.internal, "te: trailers is missing; a proxy on the way may not pass trailers"))
    }
    guard let path = fields.path else {
      return .refuse(GRPCStatus(.unimplemented, "path is missing"))
    }
    guard let encoding = self.encoding(fields.encoding) else {
      return .refuseEncoding(
        GRPCStatus(.unimplemented, "grpc-encoding is not supported; send identity or gzip"))
    }
    if let name = fields.malformedBinaryName {
      return .refuse(
        GRPCStatus(.invalidArgument, "the value of \(self.text(name)) is not base64"))
    }
    var head = RequestHead(path: path, encoding: encoding)
    if encoding == .gzip { head.answerEncoding = self.answerEncoding(fields.acceptEncoding) }
    guard let timeout = fields.timeout else { return .accept(head) }
    guard let duration = GRPCTimeout.parse(timeout.span) else {
      return .refuse(
        GRPCStatus(
          .invalidArgument, "grpc-timeout is not 1 to 8 digits and one of H, M, S, m, u, n"))
    }
    head.timeout = duration
    return .accept(head)
  }

  private static func encoding(_ value: ArraySlice<UInt8>?) -> MessageEncoding? {
    if value == nil || equals(value, "identity") { return .identity }
    return equals(value, "gzip") ? .gzip : nil
  }

  /// A caller that sends gzip and does not say what it takes is taken at its word, as grpc-go does.
  private static func answerEncoding(_ accepted: ArraySlice<UInt8>?) -> MessageEncoding {
    guard let accepted else { return .gzip }
    let takesGzip = accepted.split(separator: UInt8(ascii: ",")).contains { element in
      equals(element.trimmed, "gzip")
    }
    return takesGzip ? .gzip : .identity
  }

  /// A name for a message. HTTP/2 lets none through that is not a token (RFC 9113 §8.2.1); it may
  /// be long, though.
  private static func text(_ name: ArraySlice<UInt8>) -> String {
    String(decoding: name.prefix(64), as: UTF8.self)
  }

  /// Whether this is the path of a method, `/package.Service/Method`.
  package func isPath(_ path: StaticString) -> Bool {
    equals(self.path, path)
  }
}

extension ArraySlice<UInt8> {
  /// Without the whitespace that lists may have around their elements (RFC 9110 §5.6.1).
  fileprivate var trimmed: ArraySlice<UInt8> {
    var rest = self.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
    return rest
  }
}

private func equals(_ value: ArraySlice<UInt8>?, _ text: StaticString) -> Bool {
  guard let value, value.count == text.utf8CodeUnitCount else { return false }
  return unsafe value.withUnsafeBytes { bytes in
    // An empty slice need have no address. A static string's bytes live as long as the program.
    guard let start = bytes.baseAddress else { return true }
    return unsafe memcmp(start, text.utf8Start, bytes.count) == 0
  }
}

/// `application/grpc` or `application/grpc+proto`, then the end or parameters. Media types do not
/// tell cases apart (RFC 9110 §8.3.1); `application/grpc-web` and `+json` are other protocols.
private func isAccepted(_ value: ArraySlice<UInt8>?) -> Bool {
  guard let value, hasPrefix(value.span, "application/grpc", from: 0) else { return false }
  let contentType = value.span
  var end = 16
  if hasPrefix(contentType, "+proto", from: end) { end += 6 }
  while end < contentType.count, contentType[end] == 0x20 || contentType[end] == 0x09 { end += 1 }
  return end == contentType.count || contentType[end] == UInt8(ascii: ";")
}

/// Compares without regard to the case of ASCII letters. `prefix` is in lower case.
private func hasPrefix(_ value: Span<UInt8>, _ prefix: StaticString, from start: Int) -> Bool {
  let count = prefix.utf8CodeUnitCount
  guard value.count >= start + count else { return false }
  // A static string's bytes live as long as the program.
  let wanted = unsafe UnsafeBufferPointer(start: prefix.utf8Start, count: count)
  for position in 0..<count {
    let byte = value[start + position]
    let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    guard unsafe lower == wanted[position] else { return false }
  }
  return true
}
