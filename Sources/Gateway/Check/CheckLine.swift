// SPDX-License-Identifier: Apache-2.0

// The check walks the way of a call step by step, as `serve` would with the same settings, and says
// of each step how it went and what to mend. It starts nothing, keeps nothing and changes nothing.

/// The steps from a setting to an answer of AWS's, in the order in which they are tried.
enum CheckStep: String, CaseIterable {
  case configuration
  case credentials
  case endpoint
  case dns
  case tcp
  case tls
  case clock
  case call
}

/// How one step went.
struct CheckLine: Equatable {
  enum Verdict: String {
    case ok
    /// It works, and is most likely not what somebody wanted.
    case warning
    case failed
    /// It could not be tried.
    case skipped
  }

  var step: CheckStep
  var verdict: Verdict
  /// On one line, and without a secret.
  var words: String
  /// What to do about it.
  var repair: String?

  static func ok(_ step: CheckStep, _ words: String) -> CheckLine {
    CheckLine(step: step, verdict: .ok, words: words)
  }

  static func warning(_ step: CheckStep, _ words: String, repair: String) -> CheckLine {
    CheckLine(step: step, verdict: .warning, words: words, repair: repair)
  }

  static func failed(_ step: CheckStep, _ words: String, repair: String?) -> CheckLine {
    CheckLine(step: step, verdict: .failed, words: words, repair: repair)
  }

  static func skipped(_ step: CheckStep, _ words: String) -> CheckLine {
    CheckLine(step: step, verdict: .skipped, words: words)
  }

  /// The verdict, the step and the words in columns; the repair below them.
  var text: String {
    let (verdictWidth, stepWidth) = (9, 15)
    let head = Self.padded(self.verdict.rawValue, verdictWidth)
    let step = Self.padded(self.step.rawValue, stepWidth)
    guard let repair = self.repair else { return "\(head)\(step)\(self.words)\n" }
    let indent = String(repeating: " ", count: verdictWidth + stepWidth)
    return "\(head)\(step)\(self.words)\n\(indent)repair: \(repair)\n"
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.utf8.count))
  }
}
