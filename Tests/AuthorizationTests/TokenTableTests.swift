// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Authorization

@Suite struct TokenTableTests {
  /// A stand-in for SHA-256 that tells tokens apart: this room takes any digest.
  private func digest(_ token: ArraySlice<UInt8>) -> TokenDigest {
    var bytes = InlineArray<32, UInt8>(repeating: 0)
    for (index, byte) in token.enumerated() { bytes[index % 32] = bytes[index % 32] &* 31 &+ byte }
    return TokenDigest(bytes)
  }

  private func table(_ text: String) throws(AuthorizationFault) -> TokenTable {
    try TokenTable(parsing: Array(text.utf8), digest: self.digest)
  }

  @Test func `tokens are known by their names`() throws {
    let hex = String(repeating: "00", count: 31) + "fF"
    let table = try self.table(
      "# who\n\nconsole: abcdefghijklmnop\n  ota-1 :\tABCDEFGHIJKLMNOP==  \r\nhashed: sha256:\(hex)"
    )
    #expect(table.count == 3)
    #expect(table.name(of: self.digest(Array("abcdefghijklmnop".utf8)[...])) == "console")
    #expect(table.name(of: self.digest(Array("ABCDEFGHIJKLMNOP==".utf8)[...])) == "ota-1")
    #expect(table.name(of: self.digest(Array("abcdefghijklmnoq".utf8)[...])) == nil)
    var last = InlineArray<32, UInt8>(repeating: 0)
    last[31] = 0xFF
    #expect(table.name(of: TokenDigest(last)) == "hashed")
    #expect(TokenTable().name(of: TokenDigest(last)) == nil)
  }

  @Test func `a difference in any bit is a difference`() throws {
    let zero = InlineArray<32, UInt8>(repeating: 0)
    let table = try self.table("zero: sha256:" + String(repeating: "0", count: 64))
    #expect(table.name(of: TokenDigest(zero)) == "zero")
    for bit in 0..<256 {
      var other = zero
      other[bit / 8] = 1 << UInt8(bit % 8)
      #expect(table.name(of: TokenDigest(other)) == nil)
    }
  }

  @Test func `a name may have two tokens, but a token no two names`() throws {
    let table = try self.table("a: aaaaaaaaaaaaaaaa\na: bbbbbbbbbbbbbbbb\na: aaaaaaaaaaaaaaaa")
    #expect(table.name(of: self.digest(Array("bbbbbbbbbbbbbbbb".utf8)[...])) == "a")
    #expect(
      throws: AuthorizationFault.token(line: 2, rule: "this token has another name already")
    ) {
      try self.table("a: aaaaaaaaaaaaaaaa\nb: aaaaaaaaaaaaaaaa")
    }
  }

  @Test(arguments: [
    "console", ": abcdefghijklmnop", "a b: abcdefghijklmnop", "a: short", "a: ", "a:",
    "a: abcdefghijklmno pq", "a: abcdefghijklmno\u{E9}", "a: =abcdefghijklmnop",
    "a: sha256:12", "a: sha256:" + String(repeating: "g", count: 64), "a: abcdef#hijklmnop",
    "a: " + String(repeating: "a", count: 4_097),
    String(repeating: "n", count: 129) + ": abcdefghijklmnop",
  ])
  func `a wrong line is named by its number, and its token is not repeated`(line: String) {
    let fault = #expect(throws: AuthorizationFault.self) { try self.table("\n\(line)\n") }
    guard let fault, case .token(let number, _) = fault else {
      Issue.record("not a token's fault: \(String(describing: fault))")
      return
    }
    #expect(number == 2)
    #expect(!"\(fault)".contains("abcdef") && !"\(fault)".contains("short"))
  }

  @Test func `the number of tokens is bounded`() throws {
    let lines = (0...TokenTable.tokenLimit).map {
      "a: sha256:" + String(repeating: "0", count: 58) + "\($0 + 100_000)"
    }
    #expect(try self.table(lines.dropLast().joined(separator: "\n")).count == TokenTable.tokenLimit)
    #expect(throws: AuthorizationFault.self) { try self.table(lines.joined(separator: "\n")) }
  }

  @Test func `every cut of a good file either reads or fails cleanly`() {
    let bytes = Array(
      "a: abcdefghijklmnop\n# b\nc: sha256:\(String(repeating: "0", count: 64))".utf8)
    for length in 0...bytes.count {
      _ = try? self.table(String(decoding: bytes[..<length], as: UTF8.self))
    }
  }
}

@Suite struct BearerTokenTests {
  private func read(_ value: String) -> BearerToken.Reading {
    BearerToken.read(Array(value.utf8)[...])
  }

  @Test(arguments: ["Bearer abc", "bearer abc", "BEARER   abc"])
  func `the scheme has no case`(value: String) {
    #expect(self.read(value) == .token(Array("abc".utf8)[...]))
  }

  @Test(arguments: ["", "Basic YTpi", "Bearerabc", "abc"])
  func `other schemes are left alone`(value: String) {
    #expect(self.read(value) == .otherScheme)
  }

  @Test(arguments: ["Bearer", "Bearer ", "Bearer a b", "Bearer =", "Bearer a,b", "Bearer a\u{0}"])
  func `a bearer without a proper token is malformed`(value: String) {
    #expect(self.read(value) == .malformed)
  }

  @Test func `a token's length is bounded`() {
    let longest = "Bearer " + String(repeating: "a", count: BearerToken.limitBytes)
    #expect(self.read(longest) != .malformed)
    #expect(self.read(longest + "a") == .malformed)
  }
}
