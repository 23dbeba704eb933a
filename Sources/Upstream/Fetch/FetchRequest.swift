// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
package import AWSSigning
import NIOCore

/// A request of HTTP/1.1 that is sent once, on a connection of its own.
///
/// Fields and bodies may be tokens, so only the method and the host show when it is printed.
package struct FetchRequest: Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
  }

  package let method: Method
  /// Where it is sent to; what it asks for is the target.
  package let url: HTTPURL
  /// Path and query as the request line has them.
  package let target: String
  private let body: [UInt8]?
  private let contentType: String?
  /// Sent without a proxy, whatever is configured: for addresses that exist on this machine alone.
  package var isDirect = false
  /// What the answer may be.
  package var accepts = "*/*"
  private var fields: [(name: String, value: Secret)] = []

  /// - Parameters:
  ///   - target: path and query below the URL's path; nil for the URL's own.
  ///   - body: nil for none, which is not the same as an empty one.
  package init(
    _ method: Method, _ url: HTTPURL, target: String? = nil, body: [UInt8]? = nil,
    contentType: String? = nil
  ) {
    self.method = method
    self.url = url
    let whole = target.map { url.basePath + $0 } ?? url.target
    self.target = whole.isEmpty ? "/" : whole
    self.body = body
    self.contentType = contentType
  }

  /// Adds a header field.
  package mutating func add(_ name: String, _ value: Secret) {
    self.fields.append((name, value))
  }

  /// Adds what makes it a signed request (SigV4) of a service. To be called last, and once.
  package mutating func sign(
    as service: AWSService, region: String, with credential: Credential, at time: SigningTime
  ) throws(SigningError) {
    let body = self.body ?? []
    var signer = try RequestSigner(region: region, service: service.signingName)
    let signature = try signer.sign(
      method: self.method.rawValue, target: Array(self.target.utf8).span,
      host: self.url.hostHeader, headers: self.contentType.map { [("content-type", $0)] } ?? [],
      body: body.span, credential: credential, at: time)
    self.add(SignatureHeaders.dateName, Secret(signature.date))
    if let token = signature.securityToken {
      self.add(SignatureHeaders.securityTokenName, Secret(token))
    }
    self.add(SignatureHeaders.authorizationName, Secret(signature.authorization))
  }

  /// The whole request as it goes out. Nil if a part of it could end a line early.
  func bytes(userAgent: String) -> ByteBuffer? {
    guard self.target.hasPrefix("/"), self.target.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
      return nil
    }
    var buffer = ByteBuffer()
    buffer.writeString("\(self.method.rawValue) \(self.target) HTTP/1.1\r\n")
    var lines = [
      ("Host", self.url.hostHeader), ("User-Agent", userAgent), ("Accept", self.accepts),
      ("Accept-Encoding", "identity"), ("Connection", "close"),
    ]
    if let contentType { lines.append(("Content-Type", contentType)) }
    if self.body != nil || self.method != .get {
      lines.append(("Content-Length", String(self.body?.count ?? 0)))
    }
    for (name, value) in lines + self.fields.map({ ($0.name, $0.value.text) }) {
      guard value.utf8.allSatisfy({ 0x20...0x7e ~= $0 }) else { return nil }
      buffer.writeString("\(name): \(value)\r\n")
    }
    buffer.writeString("\r\n")
    buffer.writeBytes(self.body ?? [])
    return buffer
  }
}

extension FetchRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "FetchRequest(\(self.method.rawValue) \(self.url.hostHeader))" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror {
    Mirror(self, children: ["host": self.url.hostHeader], displayStyle: .struct)
  }
}
