// SPDX-License-Identifier: Apache-2.0

/// Where a string stands in a JSON text that has been found to be right.
struct JSONStringSource {
  /// What is between the quotes.
  let range: Range<Int>
  /// Bytes of what it says.
  private let count: Int

  init(_ range: Range<Int>, count: Int) {
    self.range = range
    self.count = count
  }

  /// An escape is never as short as what it stands for.
  var isEscaped: Bool { self.count < self.range.count }

  /// What it says. It may hold NUL.
  func string(in text: Span<UInt8>) -> String {
    let source = text.extracting(self.range)
    return self.isEscaped
      ? JSONStringBytes.decode(source, count: self.count) : String(verbatim: source)
  }
}
