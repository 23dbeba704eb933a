// SPDX-License-Identifier: Apache-2.0

extension String {
  /// Where `part` first stands in this text, byte for byte. The standard library's own search comes
  /// with its regular expressions, which a small binary can do without.
  func firstIndex(ofText part: String) -> String.Index? {
    guard let first = part.utf8.first else { return self.startIndex }
    var rest = self.utf8[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: part.utf8) { return start }
      rest = rest.dropFirst()
    }
    return nil
  }

  func holds(_ part: String) -> Bool {
    self.firstIndex(ofText: part) != nil
  }
}
