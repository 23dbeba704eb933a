// SPDX-License-Identifier: Apache-2.0

/// Why a connection ends before it has begun, and what its client is told in the language that it
/// speaks, so that whoever runs it learns what to change.
enum OpeningRefusal: String, CaseIterable, Sendable {
  /// HTTP/1 where HTTP/2 is expected.
  case http1
  /// A ClientHello where nothing is secured.
  case tls
  /// HTTP/1 where TLS is expected.
  case plainHTTP1 = "plain_http1"
  /// HTTP/2 where TLS is expected.
  case plainHTTP2 = "plain_http2"
  /// Nothing came in time, or too little to tell what it is.
  case silent

  /// What to tell a client; nil to let it go on, perhaps to an error of its protocol's own.
  init?(_ opening: ConnectionOpening, isSecure: Bool) {
    switch (opening, isSecure) {
    case (.http1, false): self = .http1
    case (.tls, false): self = .tls
    case (.http1, true): self = .plainHTTP1
    case (.http2, true): self = .plainHTTP2
    case (.http2, false), (.tls, true), (.unknown, _): return nil
    }
  }

  var words: String {
    switch self {
    case .http1:
      "this port serves gRPC over HTTP/2 with prior knowledge, not HTTP/1.1; "
        + "probes and metrics are on the admin port"
    case .tls:
      "this port serves gRPC in plaintext, not TLS: use plaintext credentials, or a TLS port"
    case .plainHTTP1, .plainHTTP2: "this port serves gRPC over TLS, not plaintext"
    case .silent: "nothing came in time"
    }
  }

  var answer: [UInt8] {
    switch self {
    // A client of TLS takes this for what it is: not TLS. Go's, Java's and OpenSSL's say so. An alert
    // would rather send people to look for versions and suites.
    case .http1, .tls, .plainHTTP1: self.http1Answer
    case .plainHTTP2: self.goAway
    case .silent: []
    }
  }

  private var http1Answer: [UInt8] {
    let body = self.words + "\n"
    let head =
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n"
      + "connection: close\r\n\r\n"
    return Array((head + body).utf8)
  }

  /// An empty SETTINGS frame, which must come first, and a GOAWAY whose debug data clients show
  /// (RFC 9113 §3.4, §6.8).
  private var goAway: [UInt8] {
    let inadequateSecurity: UInt8 = 0xc
    let debug = Array(self.words.utf8)
    let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
    let header: [UInt8] = [0, 0, UInt8(8 + debug.count), 7, 0, 0, 0, 0, 0]
    return settings + header + [0, 0, 0, 0, 0, 0, 0, inadequateSecurity] + debug
  }
}
