// SPDX-License-Identifier: Apache-2.0

/// How errors travel in AWS's REST-JSON: the name in the header `x-amzn-ErrorType`, else in the
/// body's `code`, `Code` or `__type`; the text in `message` or `Message`. Front doors also send
/// text, HTML or nothing at all.
extension AWSRefusal {
  /// Bytes of AWS's words that are kept.
  private static let longestMessage = 1024
  /// Bytes of an error's name that are kept. AWS's own are under 50.
  private static let longestName = 128

  package init(_ head: RESTResponseHead, body: Span<UInt8>, expectedVersion: Int64? = nil) {
    let json = RESTErrorBody(body)
    let candidates = [
      head.errorType, json?.code, json?.capitalCode, json?.type, json?.outputType,
    ]
    let name = candidates.lazy.compactMap { $0.flatMap(Self.cleanName) }.first
    let message = Self.message(json, body: body, status: head.status)
    self.init(
      name: name ?? String(head.status), httpStatus: head.status, message: message,
      kind: AWSErrorKind(name: name, httpStatus: head.status, message: message))
    self.executionState = json?.executionState
    self.retryAfterMilliseconds = head.retryDelayMilliseconds
    self.dropSignedText()
    if self.isVersionMismatch(expected: expectedVersion) { self.kind = .versionMismatch }
  }

  /// The name without a namespace before `#` and without a URI after `:`; nil if nothing is left.
  private static func cleanName(_ text: String) -> String? {
    let uncut = text.utf8.prefix { $0 != UInt8(ascii: ":") }
    let start = uncut.lastIndex(of: UInt8(ascii: "#")).map { uncut.index(after: $0) }
    // It becomes a label and part of error details: words of ASCII alone.
    let name = uncut[(start ?? uncut.startIndex)...].prefix(self.longestName)
      .filter { 0x21...0x7E ~= $0 }
    return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
  }

  private static func message(_ json: RESTErrorBody?, body: Span<UInt8>, status: Int) -> String {
    if let json {
      return self.cleanMessage(json.message ?? json.capitalMessage ?? "")
    }
    // What is not JSON comes from a proxy or a front door. Of a server error only the status is
    // worth telling; of a client error the text may be.
    let start = body.extracting(first: Self.longestMessage)
    let text = self.cleanMessage(
      String(decoding: start.indices.map { start[$0] }, as: UTF8.self))
    let isPage = text.hasPrefix("<") || text.isEmpty
    return status >= 500 && isPage ? HTTPReason.phrase(status) : text
  }

  /// Without control characters, without space at the ends, and cut to size.
  private static func cleanMessage(_ text: String) -> String {
    // Cut first, so that a huge text costs no more than a long one.
    let short = text.prefix(utf8Count: self.longestMessage)
    let isPlain = short.utf8.allSatisfy { 0x20...0x7E ~= $0 }
    if isPlain, !Self.hasSpaceAtAnEnd(short) { return short }
    let clean = String(
      String.UnicodeScalarView(
        short.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    let start = clean.utf8.firstIndex { $0 != UInt8(ascii: " ") } ?? clean.startIndex
    let end = clean.utf8.lastIndex { $0 != UInt8(ascii: " ") }.map(clean.utf8.index(after:))
    return String(clean[start..<(end ?? start)])
  }

  /// AWS explains a refused signature with the canonical request or the Authorization header, which
  /// hold the session token and more that nobody but us and AWS may see.
  private mutating func dropSignedText() {
    for start in ["The Canonical String", "The String-to-Sign", "Authorization="] {
      guard let index = self.message.firstIndex(ofText: start) else { continue }
      self.message = Self.cleanMessage(String(self.message[..<index]))
    }
  }

  private static func hasSpaceAtAnEnd(_ text: String) -> Bool {
    text.utf8.first == UInt8(ascii: " ") || text.utf8.last == UInt8(ascii: " ")
  }

  /// AWS documents a VersionMismatch but models no REST error for it. It may come as an invalid
  /// transition, which then shows a state that could still change and another version.
  private func isVersionMismatch(expected: Int64?) -> Bool {
    guard self.kind == .invalidStateTransition, self.httpStatus == 409,
      let expected, let state = self.executionState,
      let status = state.status, !status.isTerminal,
      let version = state.versionNumber
    else { return false }
    return version != expected
  }
}

extension RESTResponseHead {
  /// gRPC's clients count the wait in 32 bits, and take what is more for "never".
  private static var longestDelayMilliseconds: Int64 { 86_400_000 }

  /// The wait that the server asks for, if it is in digits; a day at most.
  fileprivate var retryDelayMilliseconds: Int64? {
    if let milliseconds = self.retryAfterMilliseconds.flatMap({ Int64($0) }), milliseconds >= 0 {
      return min(milliseconds, Self.longestDelayMilliseconds)
    }
    guard let seconds = self.retryAfter.flatMap({ Int64($0) }), seconds >= 0 else { return nil }
    let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow
      ? Self.longestDelayMilliseconds : min(milliseconds, Self.longestDelayMilliseconds)
  }
}

/// The reason phrases of RFC 9110 section 15 for what a front door may answer without a text.
private enum HTTPReason {
  static func phrase(_ status: Int) -> String {
    switch status {
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}

extension AWSRefusal {
  /// For an operator: AWS's own words behind its name for the error.
  package var words: String {
    let name = self.isNamed ? "\(self.name) (HTTP \(self.httpStatus))" : "HTTP \(self.httpStatus)"
    return self.message.isEmpty ? name : "\(name): \(self.message)"
  }
}
