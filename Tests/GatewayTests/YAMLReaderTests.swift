// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct YAMLReaderTests {
  private func values(_ text: String) throws(YAMLReader.Failure) -> [String: String] {
    try YAMLReader.values(of: Array(text.utf8))
  }

  @Test func `nested keys are joined, lists are comma-separated, null is unset`() throws {
    let values = try self.values(
      """
      # comment
      listen: [127.0.0.1:1, "unix:/run/g.sock"]
      upstream:
        endpoint: http://127.0.0.1:8181
        idle-timeout: 5s
      region: ~
      log-level: 'null'
      """)
    #expect(
      values == [
        "listen": "127.0.0.1:1,unix:/run/g.sock", "upstream-endpoint": "http://127.0.0.1:8181",
        "upstream-idle-timeout": "5s", "log-level": "null",
      ])
  }

  @Test func `an empty file sets nothing`() throws {
    #expect(try self.values("") == [:])
    #expect(try self.values("# only a comment\n") == [:])
    #expect(try self.values("---\n") == [:])
  }

  @Test(arguments: [
    ("a: 1\na: 2", YAMLReader.Failure.duplicateKey(line: 2, key: "a")),
    ("a-b: 1\na: {b: 2}", .duplicateKey(line: 2, key: "a-b")),
    ("a: &x 1", .unsupported(line: 1, what: "an anchor")),
    ("a: 1\n---\nb: 2", .unsupported(line: 2, what: "a second document")),
    ("just text", .unsupported(line: 1, what: "a file that is not a mapping")),
    ("a: [{b: 1}]", .unsupported(line: 1, what: "a mapping inside a list")),
    ("- a", .unsupported(line: 1, what: "a list that is not the value of a key")),
    ("? {a: 1}\n: 2", .unsupported(line: 1, what: "a mapping as a key")),
  ])
  func `what a configuration should not hold is refused`(
    text: String, failure: YAMLReader.Failure
  ) {
    #expect(throws: failure) { try self.values(text) }
  }

  @Test func `a syntax error names its line`() {
    let failure = #expect(throws: YAMLReader.Failure.self) { try self.values("a: 1\nb: [1") }
    guard case .syntax(let line, _) = failure else {
      Issue.record("not a syntax error: \(String(describing: failure))")
      return
    }
    #expect(line >= 2)
  }

  @Test func `nesting is bounded`() {
    let text = (0..<20).map { String(repeating: " ", count: $0) + "k:" }.joined(separator: "\n")
    #expect(throws: YAMLReader.Failure.self) { try self.values(text + " 1") }
  }

  @Test func `every cut of a good file either reads or fails cleanly`() {
    let bytes = Array("a: [1, 2]\nb:\n  c: \"x\\u00e9\"\n  d: |\n    text\n".utf8)
    for length in 0...bytes.count {
      _ = try? YAMLReader.values(of: Array(bytes[..<length]))
    }
  }
}
