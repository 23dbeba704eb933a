// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Testing

struct HMACSHA256Tests {
  struct Case: Sendable {
    var key: [UInt8]
    var data: [UInt8]
    var code: String
  }

  /// RFC 4231 §4.2 to §4.8; §4.6 shows its code cut to 128 bits.
  static let published: [Case] = [
    Case(
      key: Array(repeating: 0x0b, count: 20), data: Array("Hi There".utf8),
      code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    Case(
      key: Array("Jefe".utf8), data: Array("what do ya want for nothing?".utf8),
      code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    Case(
      key: Array(repeating: 0xaa, count: 20), data: Array(repeating: 0xdd, count: 50),
      code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    Case(
      key: Array(1...25), data: Array(repeating: 0xcd, count: 50),
      code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    Case(
      key: Array(repeating: 0x0c, count: 20), data: Array("Test With Truncation".utf8),
      code: "a3b6167473100ee06e0c796c2955552b"),
    Case(
      key: Array(repeating: 0xaa, count: 131),
      data: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    Case(
      key: Array(repeating: 0xaa, count: 131),
      data: Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
  ]

  @Test(arguments: published)
  func `published codes come out, and again under the kept key`(published: Case) throws {
    var hmac = try HMACSHA256(key: published.key.span)
    for _ in 0..<2 {
      let code = try hmac.authenticate(published.data.span)
      #expect(code.hexText.hasPrefix(published.code))
    }
  }

  @Test func `another key replaces the one before`() throws {
    let longKey = Self.published[5].key
    var hmac = try HMACSHA256(key: longKey.span)
    for published in Self.published {
      try hmac.setKey(published.key.span)
      let code = try hmac.authenticate(published.data.span)
      #expect(code.hexText.hasPrefix(published.code))
    }
  }

  @Test(arguments: published)
  func `a beginning is part of every message`(published: Case) throws {
    var hmac = try HMACSHA256(key: published.key.span)
    for split in 0...published.data.count {
      try hmac.begin(with: published.data.span.extracting(first: split))
      for _ in 0..<2 {
        let code = try hmac.authenticate(published.data.span.extracting(droppingFirst: split))
        #expect(code.hexText.hasPrefix(published.code))
      }
    }
  }

  @Test func `another key forgets the beginning`() throws {
    let published = Self.published[1]
    var hmac = try HMACSHA256(key: published.key.span)
    try hmac.begin(with: published.data.span)
    try hmac.setKey(published.key.span)
    let code = try hmac.authenticate(published.data.span)
    #expect(code.hexText == published.code)
  }

  @Test func `an empty key is a key, not a wish to keep the last one`() throws {
    // The one span whose address is null, which OpenSSL would take for "keep the key".
    let empty = Span<UInt8>()
    let someKey = Self.published[0].key
    var hmac = try HMACSHA256(key: someKey.span)
    try hmac.setKey(empty)
    let code = try hmac.authenticate(empty)
    // HMAC-SHA-256 of nothing under no key, a value that many libraries' documentation shows.
    #expect(
      code.hexText
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }
}

struct ConstantTimeTests {
  private func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    constantTimeEqual(left.span, right.span)
  }

  @Test func `bytes are equal only if all are`() {
    let bytes = Array("0123456789abcdef".utf8)
    #expect(self.areEqual(bytes, bytes))
    for index in bytes.indices {
      var other = bytes
      other[index] ^= 1
      #expect(!self.areEqual(bytes, other))
    }
  }

  @Test func `unequal lengths are unequal and nothing equals nothing`() {
    #expect(self.areEqual([], []))
    #expect(!self.areEqual([], [0]))
    #expect(!self.areEqual([0], []))
  }
}
