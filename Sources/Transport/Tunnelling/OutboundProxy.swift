// SPDX-License-Identifier: Apache-2.0

/// An HTTP proxy that connections go through, by CONNECT (RFC 9110 §9.3.6). Plain HTTP is spoken with
/// the proxy itself; what goes through the tunnel is the endpoints' own, mostly TLS.
package struct OutboundProxy: Equatable, Sendable {
  /// A name, or an IP address without brackets.
  package let host: String
  package let port: Int
  /// Never shown: neither in a description nor in a failure.
  private let authorization: String?

  /// - Parameter authorization: the whole value of `Proxy-Authorization`, such as `Basic …`
  ///   (RFC 7617); nil for a proxy that asks for none.
  package init(host: String, port: Int, authorization: String? = nil) {
    self.host = host
    self.port = port
    self.authorization = authorization
  }

  /// What the proxy is asked; nil if it cannot be written.
  func request(host: String, port: Int) -> String? {
    guard host.utf8.allSatisfy({ 0x21...0x7e ~= $0 }),
      self.authorization?.utf8.allSatisfy({ 0x20...0x7e ~= $0 }) ?? true
    else { return nil }
    let authority = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    var text = "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n"
    if let authorization { text += "Proxy-Authorization: \(authorization)\r\n" }
    return text + "\r\n"
  }
}

extension OutboundProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "\(self.host):\(self.port)" }
  package var debugDescription: String { self.description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
