// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRPCWire
import GatewayTestKit
import Testing

@Suite struct BinaryMetadataTests {
  @Test(arguments: [
    "", "AAAA", "AA", "AA==", "AAA", "AAA=", "AAAAAA", "AAAAAA==", "+/+/", "AB", "AA,AA",
    "AA==,AAA=", "AAAA,", ",", ",,AAA",
  ])
  func `base64 is valid, padded or not, alone or in a list`(value: String) {
    #expect(isValid(value.utf8))
  }

  @Test(arguments: [
    "A", "AAAAA", "A=", "A==", "A===", "AA=", "AA===", "AAA==", "AAAA=", "=", "==", "====", "AA=A",
    "AA==AA==", "A A", " AA", "AA ", "AA, AA", "-_-_", "AA\n", "A,AA", "AA,A", "\u{E9}A", "AA\0",
  ])
  func `what is no base64 is not`(value: String) {
    #expect(!isValid(value.utf8))
  }

  @Test(arguments: 0..<40)
  func `what is encoded here or elsewhere is valid`(count: Int) {
    let bytes = [UInt8](repeating: 0xFB, count: count)
    #expect(isValid(Base64.encode(bytes.span)))
    #expect(isValid(Data(bytes).base64EncodedString().utf8))
  }

  @Test func `random letters are judged as a pattern judges them`() {
    var random = SplitMix64(seed: 5)
    let alphabet = Array("Az09+/==,- ".utf8)
    let element = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?"
    let pattern = try? Regex("\(element)(,\(element))*")
    for _ in 0..<20_000 {
      let value = (0..<Int.random(in: 0...9, using: &random)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      let isForm = pattern.map { String(decoding: value, as: UTF8.self).wholeMatch(of: $0) != nil }
      #expect(isValid(value) == isForm)
    }
  }
}

private func isValid(_ value: some Sequence<UInt8>) -> Bool {
  BinaryMetadata.isValid(Array(value).span)
}
