// SPDX-License-Identifier: Apache-2.0

/// Rows of cells in columns, as wide as their widest cell, two blanks apart.
struct TextTable {
  /// A cell whose colours take no room.
  struct Cell: ExpressibleByStringLiteral {
    var plain: String
    var painted: String

    init(_ plain: String, painted: String? = nil) {
      self.plain = plain
      self.painted = painted ?? plain
    }

    init(stringLiteral value: String) {
      self.init(value)
    }
  }

  private var rows: [[Cell]] = []

  mutating func add(_ cells: Cell...) {
    self.rows.append(cells)
  }

  var text: String {
    var widths: [Int] = []
    for row in self.rows {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.plain.count)
      }
    }
    return self.rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell.painted
        // Nothing is written behind the last cell.
        guard column < row.count - 1 else { break }
        line += String(repeating: " ", count: widths[column] - cell.plain.count + 2)
      }
      return line + "\n"
    }.joined()
  }
}
