// SPDX-License-Identifier: Apache-2.0

/// A stranger's headers, within limits, looked up by name as HTTP does.
struct IncomingHeaders {
  let fields: [(name: String, value: String)]

  init(
    _ fields: [(name: String, value: String)], limits: SignatureVerifier.Limits
  ) throws(SignatureRefusal) {
    guard fields.count <= limits.headerCount else { throw .malformed("Too many headers.") }
    var bytes = 0
    for (name, value) in fields { bytes += name.utf8.count + value.utf8.count }
    guard bytes <= limits.headerBytes else { throw .malformed("The headers are too large.") }
    // Names are repeated in refusals (RFC 9110 §5.1: they are tokens).
    guard fields.allSatisfy({ $0.name.utf8.allSatisfy { 0x21...0x7E ~= $0 } }) else {
      throw .malformed("A header's name is no name.")
    }
    self.fields = fields
  }

  /// The trimmed value of a header that may come once; nil if it does not come at all.
  func single(_ name: String) throws(SignatureRefusal) -> String? {
    var found: String?
    for field in self.fields where caseInsensitiveEqual(field.name, name) {
      guard found == nil else { throw .incomplete("Header '\(name)' is given twice.") }
      found = String(Self.trimmed(field.value[...]))
    }
    return found
  }

  func count(of name: String) -> Int {
    self.fields.count { caseInsensitiveEqual($0.name, name) }
  }

  static func trimmed(_ text: Substring) -> Substring {
    var text = text.utf8.drop(while: Self.isBlank)
    while let last = text.last, Self.isBlank(last) { text.removeLast() }
    return Substring(text)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
