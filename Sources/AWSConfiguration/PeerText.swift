// SPDX-License-Identifier: Apache-2.0

/// Text from outside that is to stand in a log line.
enum PeerText {
  /// The text on one line and cut to size: control characters become spaces.
  ///
  /// - Parameter limit: in characters of Unicode scalars.
  static func clean(_ text: String, limit: Int = 200) -> String {
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      let isControl = scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value
      cleaned.append(isControl || 0x2028...0x2029 ~= scalar.value ? " " : scalar)
    }
    return String(cleaned)
  }

  /// True if the text can stand in a header: printable ASCII without white space.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { 0x21...0x7e ~= $0 }
  }
}
