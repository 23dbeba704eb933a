// SPDX-License-Identifier: Apache-2.0

/// What a client speaks, by the first bytes that it sends.
enum ConnectionOpening: Equatable {
  /// A TLS record with a handshake in it (RFC 8446 §5.1).
  case tls
  /// The client's preface of HTTP/2 (RFC 9113 §3.4), as far as it is looked at here.
  case http2
  /// A request of HTTP/1 (RFC 9112 §3).
  case http1
  case unknown

  /// The bytes that always suffice.
  static let byteCount = 4

  /// - Parameter bytes: the first that came; those after ``byteCount`` do not matter.
  /// - Returns: Nil if more bytes are needed.
  init?(_ bytes: some Sequence<UInt8>) {
    let start = Array(bytes.prefix(Self.byteCount))
    guard let first = start.first else { return nil }
    if first == 0x16 {
      self = .tls
      return
    }
    guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else {
      self = .unknown
      return
    }
    guard start.count == Self.byteCount else { return nil }
    let word = String(decoding: start, as: UTF8.self)
    // No method of HTTP/1 is called PRI (RFC 9113 §11.6).
    self = word == "PRI " ? .http2 : Self.methods.contains(word) ? .http1 : .unknown
  }

  private static let methods: Set<String> = [
    "GET ", "HEAD", "POST", "PUT ", "DELE", "CONN", "OPTI", "TRAC", "PATC",
  ]
}
