// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// A proxy and how it is addressed.
package struct HTTPProxy: Equatable, Sendable {
  /// Where the proxy is; its path means nothing. Secure if TLS is spoken with the proxy itself.
  package let url: HTTPURL
  /// The value of `Proxy-Authorization` (RFC 7617), if the setting holds a user name.
  package let authorization: Secret?
  package let origin: SettingOrigin

  private static let rule =
    "http:// or https://, perhaps USER:PASSWORD@ with odd bytes as %XX, a host and its port"

  /// Without a scheme the proxy speaks plain HTTP.
  init(_ setting: Sourced<String>) throws(AWSConfigurationError) {
    let slashes = setting.value.firstIndex(of: "/")
    let text = slashes == nil ? "http://\(setting.value)" : setting.value
    let (bare, userInfo) = Self.split(text)
    guard let url = HTTPURL(bare) else { throw .invalid(setting.origin, rule: Self.rule) }
    self.url = url
    self.origin = setting.origin
    if let userInfo {
      guard let authorization = Self.authorization(userInfo) else {
        throw .invalid(setting.origin, rule: Self.rule)
      }
      self.authorization = authorization
    } else {
      self.authorization = nil
    }
  }

  /// Takes the user-info out of a URL (RFC 3986 section 3.2.1).
  private static func split(_ text: String) -> (url: String, userInfo: Substring?) {
    guard let at = text.lastIndex(of: "@"), let slash = text[..<at].lastIndex(of: "/") else {
      return (text, nil)
    }
    let start = text.index(after: slash)
    return (String(text[..<start] + text[text.index(after: at)...]), text[start..<at])
  }

  /// Nil for an escape that is cut short, and for a name that holds a colon.
  private static func authorization(_ userInfo: Substring) -> Secret? {
    let halves = userInfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let user = self.decoded(halves[0]),
      let password = self.decoded(halves.dropFirst().first ?? ""),
      !user.contains(UInt8(ascii: ":"))
    else { return nil }
    return Secret("Basic " + self.base64(user + [UInt8(ascii: ":")] + password))
  }

  private static func decoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = Substring(rest.prefix(2))
      guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
        let value = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  /// With padding (RFC 4648 section 4).
  private static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
      for index in 0..<4 {
        let letter = letters[Int(group >> UInt32(18 - 6 * index)) & 0x3f]
        text.append(index <= count ? letter : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
