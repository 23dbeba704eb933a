// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import OperatorServer

@Suite struct JSONTreeTests {
  private func text(_ tree: JSONTree) -> String { String(decoding: tree.bytes, as: UTF8.self) }

  @Test func `members keep their order`() {
    let tree: JSONTree = ["z": 1, "a": [true, .null], "m": ["x": "y"]]
    #expect(self.text(tree) == #"{"z":1,"a":[true,null],"m":{"x":"y"}}"#)
  }

  @Test(arguments: [
    (0.0, "0"), (1.5, "1.5"), (-0.25, "-0.25"), (0.000_123, "0.000123"), (0.000_000_4, "0"),
    (1_795_451_655.285, "1795451655.285"), (100.0, "100"), (.nan, "null"), (.infinity, "null"),
    (1e18, "1e+18"),
  ])
  func `numbers are as short as millionths allow`(number: Double, text: String) {
    #expect(self.text(.number(number)) == text)
  }

  @Test func `what does not fit, or is not there, is null`() {
    #expect(JSONTree(UInt64.max) == .null)
    #expect(JSONTree(Int?.none) == .null)
    #expect(JSONTree(Double?.none) == .null)
    #expect(JSONTree(String?.none) == .null)
    #expect(JSONTree(7) == .integer(7))
  }

  @Test(arguments: [
    "\"\\/", "\u{0}\u{1f}\u{7f}\n", "</script><!--", "thing 🛰️ é", "\u{2028}",
  ])
  func `any text comes back as it was`(text: String) throws {
    let bytes = JSONTree.object([(text, .string(text))]).bytes
    #expect(!bytes.contains(UInt8(ascii: "<")) && !bytes.contains(0))
    let read = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String]
    #expect(read == [text: text])
  }
}
