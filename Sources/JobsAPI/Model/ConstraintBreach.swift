// SPDX-License-Identifier: Apache-2.0

/// An argument that breaks a rule of AWS's model, before it is put into words.
package struct ConstraintBreach: Equatable, Sendable {
  /// The argument.
  package enum Place: Equatable, Sendable {
    case thingName
    case jobID
    case status
    case stepTimeoutMinutes
    /// The name of a pair in the status details.
    case detailName(String)
    /// The value of the pair under a name.
    case detailValue(name: String)
    /// The details and the wish to clear them, both given.
    case detailsAndClear
  }

  package enum Rule: Equatable, Sendable {
    /// The number of characters, which is in `allowed` for a legal argument.
    case length(allowed: ClosedRange<Int>, actual: Int)
    case characters(CharacterRule)
    /// Not one of AWS's states.
    case knownState
    /// Minutes of a step timer. `stop` tells whether -1 is legal too.
    case minutes(allowed: ClosedRange<Int64>, stop: Bool)
    case exclusive
  }

  package enum CharacterRule: Equatable, Sendable {
    case thingName, jobID, jobIDOrNext, detailName, detailValue
  }

  package var place: Place
  package var rule: Rule

  package init(_ place: Place, _ rule: Rule) {
    self.place = place
    self.rule = rule
  }
}

extension ConstraintBreach {
  /// The breach for a caller of gRPC: the field as the .proto spells it.
  package var violation: FieldViolation {
    FieldViolation(field: self.field, rule: self.ruleText)
  }

  private var field: String {
    switch self.place {
    case .thingName: "thing_name"
    case .jobID: "job_id"
    case .status: "status"
    case .stepTimeoutMinutes: "step_timeout_in_minutes"
    case .detailName(let name), .detailValue(let name):
      "status_details[\"\(Self.legible(name))\"]"
    case .detailsAndClear: "clear_status_details"
    }
  }

  private var ruleText: String {
    let isName = if case .detailName = self.place { true } else { false }
    let subject = isName ? "the name must" : "must"
    switch self.rule {
    case .length(let allowed, let actual):
      return
        "\(subject) have \(allowed.lowerBound) to \(allowed.upperBound) characters, has \(actual)"
    case .characters(let rule): return "\(subject) \(rule.text)"
    case .knownState: return "must be a state other than JOB_EXECUTION_STATUS_UNSPECIFIED"
    case .minutes(let allowed, let stop):
      let range = "must be \(allowed.lowerBound) to \(allowed.upperBound)"
      return stop ? range + ", or -1 to stop the timer" : range
    case .exclusive: return "must not be set together with status_details"
    }
  }

  /// A caller's text in printable ASCII, quotes escaped, cut to about `limit` characters.
  static func legible(_ text: String, limit: Int = 64) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      guard index < limit else { return result + "..." }
      result += scalar.escaped(asASCII: true)
    }
    return result
  }
}

extension ConstraintBreach.CharacterRule {
  fileprivate var text: String {
    switch self {
    case .thingName, .detailName: "hold only [a-zA-Z0-9:_-]"
    case .jobID: "hold only [a-zA-Z0-9_-]"
    case .jobIDOrNext: "hold only [a-zA-Z0-9_-], or be $next"
    case .detailValue:
      "hold no control, format, surrogate, private-use or unassigned character"
    }
  }
}
