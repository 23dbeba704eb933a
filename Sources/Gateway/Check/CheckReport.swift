// SPDX-License-Identifier: Apache-2.0

/// What a check has found so far. Each line is told as soon as it is known.
struct CheckReport {
  private let write: (String) -> Void
  private(set) var lines: [CheckLine] = []

  init(write: @escaping (String) -> Void) {
    self.write = write
  }

  var hasFailed: Bool { self.lines.contains { $0.verdict == .failed } }

  mutating func add(_ line: CheckLine) {
    self.lines.append(line)
    self.write(line.text)
  }

  /// Notes that the steps of which nothing was said yet cannot be tried.
  mutating func skipRest(because reason: String) {
    let done = Set(self.lines.map(\.step))
    for step in CheckStep.allCases where !done.contains(step) { self.add(.skipped(step, reason)) }
  }

  /// The last word.
  func conclude() {
    self.write(
      self.hasFailed
        ? "\nAWS cannot be called with these settings. Mend what failed, the first of it first.\n"
        : "\nAWS can be called with these settings.\n")
  }
}
