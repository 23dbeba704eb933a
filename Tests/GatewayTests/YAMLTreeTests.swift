// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct YAMLTreeTests {
  private func tree(_ text: String) throws(YAMLReader.Failure) -> YAMLNode? {
    try YAMLReader.tree(of: Array(text.utf8))
  }

  @Test func `mappings and lists stand in each other, each with its line`() throws {
    func scalar(_ text: String, _ line: Int, isPlain: Bool = true) -> YAMLNode {
      YAMLNode(line: line, content: .scalar(text, isPlain: isPlain))
    }
    let tree = try self.tree("a:\n  - b: 1\n    c: '2'\n  - [x, {}]\nd: ~\n")
    let first = YAMLNode(
      line: 2,
      content: .mapping([
        .init(key: "b", line: 2, value: scalar("1", 2)),
        .init(key: "c", line: 3, value: scalar("2", 3, isPlain: false)),
      ]))
    let second = YAMLNode(
      line: 4, content: .list([scalar("x", 4), YAMLNode(line: 4, content: .mapping([]))]))
    #expect(
      tree
        == YAMLNode(
          line: 1,
          content: .mapping([
            .init(key: "a", line: 1, value: YAMLNode(line: 2, content: .list([first, second]))),
            .init(key: "d", line: 5, value: scalar("~", 5)),
          ])))
  }

  @Test func `a file without a document is nothing, and null differs from a text`() throws {
    #expect(try self.tree("") == nil)
    #expect(try self.tree("# comment") == nil)
    #expect(try self.tree("~")?.isNull == true)
    #expect(try self.tree("'~'")?.isNull == false)
    #expect(try self.tree("[]")?.isNull == false)
  }

  @Test func `a key is set once in its mapping, and again in another`() throws {
    #expect(throws: YAMLReader.Failure.duplicateKey(line: 2, key: "a")) {
      try self.tree("a: {}\na: {}")
    }
    #expect(throws: YAMLReader.Failure.duplicateKey(line: 1, key: "b")) {
      try self.tree("a: [{b: 1, b: 2}]")
    }
    #expect(try self.tree("a: {a: [{a: 1}, {a: 2}]}") != nil)
  }

  @Test func `lists count as nesting too`() {
    let text = String(repeating: "[", count: 9) + String(repeating: "]", count: 9)
    #expect(
      throws: YAMLReader.Failure.unsupported(
        line: 1, what: "nesting deeper than \(YAMLReader.depthLimit)")
    ) { try self.tree(text) }
  }
}
