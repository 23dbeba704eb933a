// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// A request that may be answered: whole, and from somebody who may ask.
struct OperatorRequest: Equatable, Sendable {
  var method: HTTPMethod
  var path: String
  var query: String
  var body: [UInt8]

  init(method: HTTPMethod, target: String, body: [UInt8] = []) {
    // A page needs no body, so HEAD is a GET whose body is not sent.
    self.method = method == .HEAD ? .GET : method
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    self.path = String(parts[0])
    self.query = parts.count > 1 ? String(parts[1]) : ""
    self.body = body
  }

  /// The value of the first such parameter. None of ours needs percent-encoding.
  func parameter(_ name: String) -> Substring? {
    for pair in self.query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts[0] == name { return parts.count > 1 ? parts[1] : "" }
    }
    return nil
  }
}

/// What goes back.
struct OperatorAnswer: Equatable, Sendable {
  var status: HTTPResponseStatus
  var contentType: String
  /// What the page may load and run. The default is nothing at all.
  var policy = "default-src 'none'; frame-ancestors 'none'"
  /// The methods that are served, if the one that was asked for is not.
  var allow: String?
  var body: [UInt8]

  init(_ tree: JSONTree, status: HTTPResponseStatus = .ok) {
    self.status = status
    self.contentType = "application/json"
    self.body = tree.bytes + [UInt8(ascii: "\n")]
  }

  init(page: [UInt8], policy: String) {
    self.status = .ok
    self.contentType = "text/html; charset=utf-8"
    self.policy = policy
    self.body = page
  }

  /// Says why there is nothing.
  init(_ status: HTTPResponseStatus, error: String) {
    self.init(["error": .string(error)], status: status)
  }

  static func methodNotAllowed(_ allow: String) -> OperatorAnswer {
    var answer = OperatorAnswer(.methodNotAllowed, error: "served here: \(allow)")
    answer.allow = allow
    return answer
  }

  var headers: HTTPHeaders {
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: self.contentType)
    headers.add(name: "content-length", value: "\(self.body.count)")
    headers.add(name: "cache-control", value: "no-store")
    headers.add(name: "content-security-policy", value: self.policy)
    headers.add(name: "x-content-type-options", value: "nosniff")
    headers.add(name: "x-frame-options", value: "DENY")
    headers.add(name: "referrer-policy", value: "no-referrer")
    headers.add(name: "cross-origin-opener-policy", value: "same-origin")
    headers.add(name: "cross-origin-resource-policy", value: "same-origin")
    if let allow = self.allow { headers.add(name: "allow", value: allow) }
    return headers
  }
}
