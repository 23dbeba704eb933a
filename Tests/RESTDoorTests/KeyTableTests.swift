// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RESTDoor

struct KeyTableTests {
  private func table(_ text: String) throws(KeyFault) -> KeyTable {
    try KeyTable(parsing: Array(text.utf8))
  }

  @Test func `a name may have several keys, and lines may say nothing`() throws {
    let table = try self.table(
      "# keys\n\nconsole: AKIDCONSOLE1 0123456789abcdef\r\n  console:\tAKIDCONSOLE2 "
        + "fedcba9876543210/+=\nlamp-7: AKIDLAMP 0123456789abcdef")
    #expect(table.count == 3)
    #expect(table.name(ofKeyID: "AKIDCONSOLE1") == "console")
    #expect(table.name(ofKeyID: "AKIDCONSOLE2") == "console")
    #expect(table.name(ofKeyID: "AKIDLAMP") == "lamp-7")
    #expect(table.name(ofKeyID: "AKIDOTHER") == nil)
  }

  @Test(arguments: [
    ("console AKID 0123456789abcdef", "a line is NAME: ACCESS_KEY_ID SECRET_ACCESS_KEY"),
    ("console: AKID", "a line is NAME: ACCESS_KEY_ID SECRET_ACCESS_KEY"),
    ("console: AKID 0123456789abcdef more", "a line is NAME: ACCESS_KEY_ID SECRET_ACCESS_KEY"),
    (": AKID 0123456789abcdef", "a name has 1 to 128 of [a-zA-Z0-9._-]"),
    ("a/b: AKID 0123456789abcdef", "a name has 1 to 128 of [a-zA-Z0-9._-]"),
    ("a: A/B 0123456789abcdef", "an access key id has 3 to 128 of [a-zA-Z0-9_]"),
    ("a: AKID 0123456789abcde", "a secret has 16 to 256 bytes of visible ASCII"),
    ("a: AKID 0123456789abcdeé", "a secret has 16 to 256 bytes of visible ASCII"),
    (
      "a: AKID2 0123456789abcdef\nb: AKID2 0123456789abcdeg",
      "this access key id has a line already"
    ),
  ])
  func `what is no key is told by its line, and not repeated`(text: String, rule: String) {
    let lines = text.split(separator: "\n").count
    #expect(throws: KeyFault(line: lines + 1, rule: rule)) {
      _ = try self.table("# first\n" + text)
    }
  }
}
