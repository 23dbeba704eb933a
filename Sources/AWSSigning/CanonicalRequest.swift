// SPDX-License-Identifier: Apache-2.0

import CryptoEngine

/// The text whose digest is signed, for one request at a time, in buffers that are kept.
///
///     METHOD \n path \n query \n headers \n signed names \n payload hash
///
/// Headers are put in first; then ``write(method:target:leavingOut:payloadHash:)`` makes the text.
/// Source: AWS General Reference, "Create a canonical request".
struct CanonicalRequest {
  /// The text as bytes. Holds the session token: never to be logged.
  private(set) var bytes: [UInt8] = []
  /// Where in `bytes` the list of signed names stands.
  private(set) var signedNames: Range<Int> = 0..<0
  var headers = CanonicalHeaders()
  private var query = CanonicalQuery()

  /// The hash of the body, or the words that stand in its place.
  enum PayloadHash {
    case digest(SHA256Digest)
    /// What a caller's own `x-amz-content-sha256` says.
    case text(String)
  }

  mutating func removeAll() {
    self.bytes.removeAll(keepingCapacity: true)
    self.headers.removeAll()
  }

  /// Makes the text from the headers that were put in and from what is given here. `leftOut` names
  /// a query parameter that has no part in it.
  mutating func write(
    method: String, target: Span<UInt8>, leavingOut leftOut: String? = nil,
    payloadHash: PayloadHash
  ) throws(SigningError) {
    guard let pathEnd = Self.pathEnd(of: target) else { throw .invalidTarget }
    self.bytes.removeAll(keepingCapacity: true)
    self.bytes.append(contentsOf: method.utf8)
    self.bytes.append(UInt8(ascii: "\n"))
    CanonicalPath.append(target, end: pathEnd, to: &self.bytes)
    self.bytes.append(UInt8(ascii: "\n"))
    self.query.read(target, from: pathEnd + 1)
    self.query.append(from: target, leavingOut: leftOut, to: &self.bytes)
    self.bytes.append(UInt8(ascii: "\n"))
    self.headers.appendLines(to: &self.bytes)
    self.bytes.append(UInt8(ascii: "\n"))
    let namesStart = self.bytes.count
    self.headers.appendNames(to: &self.bytes)
    self.signedNames = namesStart..<self.bytes.count
    self.bytes.append(UInt8(ascii: "\n"))
    switch payloadHash {
    case .digest(let digest): digest.appendHex(to: &self.bytes)
    case .text(let text): self.bytes.append(contentsOf: text.utf8)
    }
  }

  /// Where the path ends: at the first question mark, or at the end. Nil for a bad target.
  private static func pathEnd(of target: Span<UInt8>) -> Int? {
    guard !target.isEmpty, target[0] == UInt8(ascii: "/") else { return nil }
    var end: Int?
    for index in target.indices {
      let byte = target[index]
      guard 0x21...0x7e ~= byte else { return nil }
      if end == nil, byte == UInt8(ascii: "?") { end = index }
    }
    return end ?? target.count
  }
}
