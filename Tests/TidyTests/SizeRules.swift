// SPDX-License-Identifier: Apache-2.0

/// How long a function and a file may be.
enum SizeRules {
  static let functionLines = 60
  static let fileLines = 500
  /// Nine files in ten stay under this.
  static let commonFileLines = 400

  static func longFunctions(in file: SourceFile) -> [Violation] {
    FunctionExtent.all(in: file.text)
      .filter { $0.lineCount > self.functionLines }
      .map {
        Violation(
          path: file.path, line: $0.line,
          rule: "function of \($0.lineCount) lines, at most \(self.functionLines)")
      }
  }

  static func longFile(_ file: SourceFile) -> [Violation] {
    guard file.lineCount > self.fileLines else { return [] }
    return [
      Violation(
        path: file.path, line: nil,
        rule: "file of \(file.lineCount) lines, at most \(self.fileLines)")
    ]
  }

  static func tooManyLongFiles(_ files: [SourceFile]) -> [Violation] {
    let long = files.filter { $0.lineCount > self.commonFileLines }
    guard long.count * 10 > files.count else { return [] }
    return long.map {
      Violation(
        path: $0.path, line: nil,
        rule: "\(long.count) of \(files.count) files have over \(self.commonFileLines) lines")
    }
  }
}
