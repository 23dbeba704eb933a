// SPDX-License-Identifier: Apache-2.0

/// Why a connection ends before it has begun, and what its client is told, so that whoever runs it
/// learns what to change.
enum OpeningRefusal: String, CaseIterable, Sendable {
  /// HTTP/1 where HTTP/2 is expected.
  case http1
  /// HTTP/2 where HTTP/1 is expected.
  case http2
  /// A ClientHello where nothing is secured.
  case tls
  /// HTTP, of any version, where TLS is expected.
  case plaintext
  /// Nothing came in time, or too little to tell what it is.
  case silent

  /// What to tell a client; nil to let it go on, perhaps to an error of its protocol's own.
  init?(_ opening: ConnectionOpening, isSecure: Bool, on port: ServedProtocol = .grpc) {
    switch (opening, isSecure) {
    case (.http1, false) where port == .grpc: self = .http1
    case (.http2, false) where port == .rest: self = .http2
    case (.tls, false): self = .tls
    case (.http1, true), (.http2, true): self = .plaintext
    case (.http1, false), (.http2, false), (.tls, true), (.unknown, _): return nil
    }
  }

  func words(on port: ServedProtocol = .grpc) -> String {
    switch self {
    case .http1:
      "this port serves gRPC over HTTP/2 with prior knowledge, not HTTP/1.1; "
        + "probes and metrics are on the admin port"
    case .http2: "this port serves \(port.words), not HTTP/2; gRPC has a port of its own"
    case .tls:
      "this port serves \(port.words) in plaintext, not TLS: use \(port.plaintextWords), or a TLS port"
    case .plaintext: "this port serves \(port.words) over TLS, not plaintext"
    case .silent: "nothing came in time"
    }
  }

  /// HTTP/1.1 for all.
  ///
  /// A client of TLS takes it for what it is, and says so: not TLS. An alert would rather send people
  /// to look for versions and suites. A client of gRPC in plaintext tells its caller of an HTTP/1
  /// server and waits before it comes again; after SETTINGS and GOAWAY, which could say more, it comes
  /// again at once and for ever, and its caller learns nothing.
  func answer(on port: ServedProtocol = .grpc) -> [UInt8] {
    if self == .silent { return [] }
    let body = self.words(on: port) + "\n"
    let head =
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n"
      + "connection: close\r\n\r\n"
    return Array((head + body).utf8)
  }
}

/// What is spoken on a port for callers.
package enum ServedProtocol: Equatable, Sendable {
  /// gRPC over HTTP/2.
  case grpc
  /// AWS's own form over HTTP/1.1.
  case rest

  fileprivate var words: String {
    switch self {
    case .grpc: "gRPC"
    case .rest: "AWS's REST form over HTTP/1.1"
    }
  }

  fileprivate var plaintextWords: String {
    switch self {
    case .grpc: "plaintext credentials"
    case .rest: "an http: endpoint"
    }
  }
}
