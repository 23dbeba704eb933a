// SPDX-License-Identifier: Apache-2.0

/// Splits text into words as a POSIX shell does, and does nothing else of a shell: no variable, no
/// glob, no substitution. Source: POSIX.1-2017, Shell Command Language, section 2.2 (quoting).
enum ShellWords {
  /// Nil if a quote is not closed or nothing follows a backslash.
  static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word: [UInt8]?
    var quote: UInt8?
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      switch (byte, quote) {
      case (quote, _?):
        quote = nil
      case (_, UInt8(ascii: "'")):
        word?.append(byte)
      case (UInt8(ascii: "\\"), UInt8(ascii: "\"")):
        guard let next = bytes.next() else { return nil }
        // Within double quotes a backslash stays, unless what follows needs it.
        if next != UInt8(ascii: "\\") && next != UInt8(ascii: "\"") { word?.append(byte) }
        word?.append(next)
      case (_, _?):
        word?.append(byte)
      case (UInt8(ascii: "'"), nil), (UInt8(ascii: "\""), nil):
        quote = byte
        word = word ?? []
      case (UInt8(ascii: "\\"), nil):
        guard let next = bytes.next() else { return nil }
        word = (word ?? []) + [next]
      case (UInt8(ascii: " "), nil), (UInt8(ascii: "\t"), nil), (UInt8(ascii: "\n"), nil),
        (UInt8(ascii: "\r"), nil):
        if let whole = word { words.append(String(decoding: whole, as: UTF8.self)) }
        word = nil
      case (_, nil):
        word = (word ?? []) + [byte]
      }
    }
    guard quote == nil else { return nil }
    if let whole = word { words.append(String(decoding: whole, as: UTF8.self)) }
    return words
  }
}
