// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A table of the documentation, so that a test can hold it against the code.
///
/// It stands between `<!-- NAME -->` and `<!-- /NAME -->` in an article of the catalogue. A cell is
/// its text without the marks for code.
package struct DocumentedTable {
  package struct Missing: Error {
    package var what: String
  }

  /// The cells of each row below the heading.
  package let rows: [[String]]

  /// - Parameters:
  ///   - name: what stands in the marks around the table.
  ///   - article: the file's name without its extension.
  package init(_ name: String, in article: String) throws {
    let file = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/Gateway/Documentation.docc/\(article).md")
    let text = try String(contentsOf: file, encoding: .utf8)
    guard let start = text.range(of: "<!-- \(name) -->\n"),
      let end = text.range(of: "<!-- /\(name) -->", range: start.upperBound..<text.endIndex)
    else { throw Missing(what: "the table \(name) of \(article)") }
    let lines = text[start.upperBound..<end.lowerBound].split(separator: "\n")
    self.rows = lines.dropFirst(2).map { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
      return cells.dropFirst().dropLast().map { cell in
        cell.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "`", with: "")
      }
    }
    if self.rows.isEmpty { throw Missing(what: "rows in the table \(name) of \(article)") }
  }
}
