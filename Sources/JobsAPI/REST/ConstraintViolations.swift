// SPDX-License-Identifier: Apache-2.0

/// The constraints that a request breaks, in the words in which AWS's front door tells them.
///
///     1 validation error detected: Value 'a b' at 'thingName' failed to satisfy constraint:
///     Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+
package struct ConstraintViolations: Equatable, Sendable {
  /// No more of a caller's text than this many characters is repeated to it.
  private static let mostShown = 128

  private var texts: [String] = []

  package init() {}

  /// All of them in one text; nil if there are none.
  package var message: String? {
    guard !self.texts.isEmpty else { return nil }
    let errors = self.texts.count == 1 ? "error" : "errors"
    return "\(self.texts.count) validation \(errors) detected: "
      + self.texts.joined(separator: "; ")
  }

  /// `value` nil stands for null. Text is shown in quotes, as AWS does.
  package mutating func add(_ member: String, _ value: String?, _ rule: String) {
    let shown = value.map { "'\(Self.cut($0))'" } ?? "null"
    self.texts.append("Value \(shown) at '\(member)' failed to satisfy constraint: \(rule)")
  }

  /// Counts scalars, as one grapheme can be of any length.
  fileprivate static func cut(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.mostShown)))
  }
}

/// The arguments of a call, to show what is at the place of a breach.
package struct CallArguments {
  package var thingName: String
  package var jobID: String?
  package var status: JobExecutionStatus?
  package var details: StatusDetails?
  package var minutes: Int64?

  package init(
    thingName: String, jobID: String? = nil, status: JobExecutionStatus? = nil,
    details: StatusDetails? = nil, minutes: Int64? = nil
  ) {
    self.thingName = thingName
    self.jobID = jobID
    self.status = status
    self.details = details
    self.minutes = minutes
  }

  /// AWS's spelling of a place and what the call has there.
  fileprivate func member(at place: ConstraintBreach.Place) -> (name: String, value: String?) {
    switch place {
    case .thingName: ("thingName", self.thingName)
    case .jobID: ("jobId", self.jobID)
    case .status: ("status", self.status?.awsWord)
    case .stepTimeoutMinutes: ("stepTimeoutInMinutes", self.minutes.map { String($0) })
    case .detailName(let name): ("statusDetails", name)
    case .detailValue(let name):
      ("statusDetails.\(ConstraintViolations.cut(name)).member", self.details?[name])
    case .detailsAndClear: ("statusDetails", nil)
    }
  }
}

extension ConstraintViolations {
  package init(_ breaches: [ConstraintBreach], arguments: CallArguments) {
    self.init()
    for breach in breaches {
      let member = arguments.member(at: breach.place)
      let rule = Self.wording(of: breach.rule)
      if case .detailName = breach.place {
        self.add(member.name, member.value, "Map keys must satisfy constraint: [\(rule)]")
      } else {
        self.add(member.name, member.value, rule)
      }
    }
  }

  private static func wording(of rule: ConstraintBreach.Rule) -> String {
    switch rule {
    case .length(let allowed, let actual):
      actual < allowed.lowerBound
        ? "Member must have length greater than or equal to \(allowed.lowerBound)"
        : "Member must have length less than or equal to \(allowed.upperBound)"
    case .characters(let rule):
      "Member must satisfy regular expression pattern: \(rule.expression)"
    case .knownState:
      "Member must satisfy enum value set: "
        + "[\(JobExecutionStatus.documented.map(\.awsWord).joined(separator: ", "))]"
    case .minutes(let allowed, let stop):
      "Member must have value between \(allowed.lowerBound) and \(allowed.upperBound)"
        + (stop ? ", or -1" : "")
    case .exclusive:
      "Member must not be set together with its opposite"
    }
  }
}

extension ConstraintBreach.CharacterRule {
  fileprivate var expression: String {
    switch self {
    case .thingName, .detailName: "[a-zA-Z0-9:_-]+"
    case .jobID: "[a-zA-Z0-9_-]+"
    case .jobIDOrNext: "[a-zA-Z0-9_-]+|^\\$next"
    case .detailValue: "[^\\p{C}]+"
    }
  }
}

extension JobsCall {
  /// What of the call breaks AWS's model, in AWS's words; nil for a legal call.
  package var constraintMessage: String? {
    let breaches = self.breaches
    if breaches.isEmpty { return nil }
    return ConstraintViolations(breaches, arguments: self.arguments).message
  }

  private var breaches: [ConstraintBreach] {
    switch self {
    case .describe(let call): call.breaches()
    case .getPending(let call): call.breaches()
    case .startNext(let call): call.breaches()
    case .update(let call): call.breaches()
    }
  }

  private var arguments: CallArguments {
    var arguments = CallArguments(thingName: self.thingName, jobID: self.jobID)
    switch self {
    case .describe, .getPending: break
    case .startNext(let call):
      arguments.details = call.statusDetails
      arguments.minutes = call.stepTimeoutMinutes
    case .update(let call):
      arguments.status = call.status
      arguments.details = call.statusDetails
      arguments.minutes = call.stepTimeoutMinutes
    }
    return arguments
  }
}
