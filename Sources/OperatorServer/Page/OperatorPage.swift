// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine

/// The page: one document that loads nothing, and the policy that lets it do nothing else.
package struct OperatorPage: Sendable {
  let bytes: [UInt8]
  /// Content-Security-Policy, Level 3: the style and the script that are in the page are allowed by
  /// their digests, and no others; the page may ask its own origin for data.
  let policy: String

  /// Puts the page together from its parts.
  package init() throws(CryptoError) {
    try self.init(
      html: PackageResources.page_html, style: PackageResources.page_css,
      script: PackageResources.format_js + PackageResources.chart_js + PackageResources.cards_js
        + PackageResources.page_js)
  }

  /// - Parameter html: holds `/*style*/` and `/*script*/` once each, where the others belong.
  init(html: [UInt8], style: [UInt8], script: [UInt8]) throws(CryptoError) {
    var hasher = try SHA256Hasher()
    let styleDigest = try hasher.hash(style.span)
    let scriptDigest = try hasher.hash(script.span)
    self.policy = [
      "default-src 'none'", "style-src 'sha256-\(Self.base64(styleDigest))'",
      "script-src 'sha256-\(Self.base64(scriptDigest))'", "connect-src 'self'", "img-src data:",
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")
    let withStyle = Self.replacing("/*style*/", by: style, in: html)
    self.bytes = Self.replacing("/*script*/", by: script, in: withStyle)
  }

  private static func replacing(
    _ mark: String, by bytes: [UInt8], in page: [UInt8]
  ) -> [UInt8] {
    let mark = Array(mark.utf8)
    guard let place = page.indices.first(where: { page[$0...].starts(with: mark) }) else {
      return page
    }
    return page[..<place] + bytes + page[(place + mark.count)...]
  }

  /// RFC 4648 §4.
  private static func base64(_ digest: SHA256Digest) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: SHA256Digest.byteCount, by: 3) {
      let count = min(3, SHA256Digest.byteCount - start)
      var bits = 0
      for offset in 0..<3 {
        bits = bits << 8 | (offset < count ? Int(digest.bytes[start + offset]) : 0)
      }
      for place in 0..<4 {
        text.append(
          place <= count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
