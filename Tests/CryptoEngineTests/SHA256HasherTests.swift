// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Testing

struct SHA256HasherTests {
  /// NIST, "Examples with Intermediate Values" for FIPS 180-4.
  static let published: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
      Array("abc".utf8),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    ),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]

  @Test(arguments: published)
  func `published digests come out`(message: [UInt8], digest: String) throws {
    var hasher = try SHA256Hasher()
    let hash = try hasher.hash(message.span)
    #expect(hash.hexText == digest)
  }

  @Test func `a million bytes hash to their published digest`() throws {
    var hasher = try SHA256Hasher()
    let message = Array(repeating: UInt8(ascii: "a"), count: 1_000_000)
    let hash = try hasher.hash(message.span)
    #expect(
      hash.hexText == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func `one hasher serves message after message`() throws {
    var hasher = try SHA256Hasher()
    for _ in 0..<2 {
      for (message, digest) in Self.published {
        let hash = try hasher.hash(message.span)
        #expect(hash.hexText == digest)
      }
    }
  }

  @Test func `the digest of nothing is the known one`() throws {
    var hasher = try SHA256Hasher()
    let nothing: [UInt8] = []
    let hash = try hasher.hash(nothing.span)
    #expect(hash == .ofNothing)
  }

  @Test func `hexadecimal forms agree`() {
    let digest = SHA256Digest(bytes: InlineArray { UInt8($0 * 8 + 7) })
    var appended = Array("x".utf8)
    digest.appendHex(to: &appended)
    let expected = "070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff"
    #expect(digest.hexText == expected)
    #expect(String(decoding: appended, as: UTF8.self) == "x" + expected)
  }
}

extension SHA256Digest {
  var hexText: String {
    let hex = self.hex
    return String(decoding: hex.indices.map { hex[$0] }, as: UTF8.self)
  }
}
