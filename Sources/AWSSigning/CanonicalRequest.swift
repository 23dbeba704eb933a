// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// The text whose digest is signed, for one request at a time, in buffers that are kept.
///
///     METHOD \n path \n query \n headers \n signed names \n payload hash
///
/// Headers are put in first; then ``write(method:target:leavingOut:payloadHash:)`` makes the text, and
/// again for other requests with these headers.
/// Source: AWS General Reference, "Create a canonical request".
struct CanonicalRequest {
  /// The text as bytes. Holds the session token: never to be logged.
  private(set) var bytes: [UInt8] = []
  private var headers = CanonicalHeaders()
  /// The headers' part of the text, empty until it is first needed.
  private var headerPart: [UInt8] = []
  private var query = CanonicalQuery()

  /// The hash of the body, or the words that stand in its place.
  enum PayloadHash {
    case digest(SHA256Digest)
    /// What a caller's own `x-amz-content-sha256` says.
    case text(String)
  }

  mutating func removeHeaders() {
    self.headers.removeAll()
    self.headerPart.removeAll(keepingCapacity: true)
  }

  /// Puts a header into its place; see ``CanonicalHeaders``.
  mutating func insertHeader(_ name: String, _ value: String) throws(SigningError) {
    try self.headers.insert(name, value)
    self.headerPart.removeAll(keepingCapacity: true)
  }

  /// The names of the headers that were put in, sorted and joined with `;`.
  var signedNames: [UInt8] {
    var names: [UInt8] = []
    self.headers.appendNames(to: &names)
    return names
  }

  /// Makes the text from the headers that were put in and from what is given here. `leftOut` names
  /// a query parameter that has no part in it.
  mutating func write(
    method: String, target: Span<UInt8>, leavingOut leftOut: String? = nil,
    payloadHash: PayloadHash
  ) throws(SigningError) {
    guard Self.isTarget(target) else { throw .invalidTarget }
    if self.headerPart.isEmpty { self.writeHeaderPart() }
    self.bytes.removeAll(keepingCapacity: true)
    self.bytes.append(contentsOf: method.utf8)
    self.bytes.append(UInt8(ascii: "\n"))
    let pathEnd = CanonicalPath.append(target, to: &self.bytes)
    self.bytes.append(UInt8(ascii: "\n"))
    if pathEnd < target.count {
      self.query.read(target, from: pathEnd + 1)
      self.query.append(from: target, leavingOut: leftOut, to: &self.bytes)
    }
    self.bytes.append(contentsOf: self.headerPart)
    switch payloadHash {
    case .digest(let digest): digest.appendHex(to: &self.bytes)
    case .text(let text): self.bytes.append(contentsOf: text.utf8)
    }
  }

  /// From the end of the query's line to the beginning of the payload hash.
  private mutating func writeHeaderPart() {
    self.headerPart.append(UInt8(ascii: "\n"))
    self.headers.appendLines(to: &self.headerPart)
    self.headerPart.append(UInt8(ascii: "\n"))
    self.headers.appendNames(to: &self.headerPart)
    self.headerPart.append(UInt8(ascii: "\n"))
  }

  /// True if a request line can carry it, in origin form.
  private static func isTarget(_ target: Span<UInt8>) -> Bool {
    !target.isEmpty && target[0] == UInt8(ascii: "/") && target.isVisibleASCII
  }
}
