// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct URLTextReaderTests {
  /// Literal bytes as they are; encoded ones in angle brackets; no character for `.max`.
  private static func reading(_ text: String) -> String {
    var reader = URLTextReader()
    var result: [UInt8] = []
    while let symbol = reader.next(in: text.utf8Span.span) {
      switch symbol {
      case .literal(.max): result += "#".utf8
      case .literal(let byte): result.append(byte)
      case .encoded(let byte): result += [UInt8(ascii: "<"), byte, UInt8(ascii: ">")]
      }
    }
    #expect(reader.next(in: text.utf8Span.span) == nil)
    return String(decoding: result, as: UTF8.self)
  }

  @Test(arguments: [
    ("", ""), ("a=b&c", "a=b&c"),
    // JSON, and JSON inside of JSON.
    ("a\\u0026b", "a&b"), ("a\\\\u0026b", "a&b"), ("a\\\\\\\\u003D", "a="), ("\\/\\\\/", "//"),
    ("\\u20AC", "#"), ("\\n", "\\n"), ("\\\"", "\\\""), ("\\u00", "\\u00"), ("\\u00x6", "\\u00x6"),
    ("\\", "\\"), ("\\\\\\", "\\"), ("\\u", "\\u"),
    // Percent-encoding, and that encoded again.
    ("a%26b", "a<&>b"), ("%3D%3d", "<=><=>"), ("%2526", "<&>"), ("%252526", "<&>"), ("%", "%"),
    ("%2", "%2"), ("%zz", "%zz"), ("%25", "<%>"), ("%25zz", "<%>zz"), ("%252", "<%>2"),
    // HTML.
    ("a&amp;b", "a&b"), ("&amp;amp;b", "&b"), ("&am", "&am"), ("&lt;", "&lt;"),
    ("\\u0026amp;", "&amp;"),
  ])
  func `each way to write a character is read`(text: String, expected: String) {
    #expect(Self.reading(text) == expected)
  }
}
