// SPDX-License-Identifier: Apache-2.0

/// What AWS's model demands of the arguments of the four calls, checked here so that a call that
/// must fail costs nothing upstream.
///
/// Patterns hold for the whole text. Lengths count Unicode scalar values, the unit of Smithy's
/// `length` trait for strings (https://smithy.io/2.0/spec/constraint-traits.html#length-trait).
/// Only what AWS surely refuses is refused: any documented state may be sent, since which of them a
/// device may set is for the service to say, and the number of pairs in the details, on which AWS's
/// texts disagree, is not limited. Source: IoT Jobs Data Plane API, 2017-09-29.
package protocol ConstrainedCall: Sendable {
  /// The first `limit` breaches; empty for a legal call.
  func breaches(limit: Int) -> [ConstraintBreach]
}

extension ConstrainedCall {
  /// The first 16 breaches at most: a hostile call can hold thousands.
  package func breaches() -> [ConstraintBreach] {
    self.breaches(limit: 16)
  }

  /// As ``breaches(limit:)``, in the words of the .proto. A legal call allocates nothing here.
  package func violations(limit: Int = 16) -> [FieldViolation] {
    self.breaches(limit: limit).map(\.violation)
  }
}

extension DescribeJobExecution: ConstrainedCall {
  package func breaches(limit: Int) -> [ConstraintBreach] {
    var checker = ConstraintChecker(limit: limit)
    checker.thingName(self.thingName)
    // The model sets no length for this one; the length of job ids elsewhere is taken.
    if self.jobID != "$next" {
      checker.text(self.jobID, at: .jobID, length: 1...64, .jobIDOrNext)
    }
    return checker.breaches
  }
}

extension GetPendingJobExecutions: ConstrainedCall {
  package func breaches(limit: Int) -> [ConstraintBreach] {
    var checker = ConstraintChecker(limit: limit)
    checker.thingName(self.thingName)
    return checker.breaches
  }
}

extension StartNextPendingJobExecution: ConstrainedCall {
  package func breaches(limit: Int) -> [ConstraintBreach] {
    var checker = ConstraintChecker(limit: limit)
    checker.thingName(self.thingName)
    checker.details(self.statusDetails)
    checker.stepTimeout(self.stepTimeoutMinutes, canStop: false)
    return checker.breaches
  }
}

extension UpdateJobExecution: ConstrainedCall {
  package func breaches(limit: Int) -> [ConstraintBreach] {
    var checker = ConstraintChecker(limit: limit)
    checker.thingName(self.thingName)
    checker.text(self.jobID, at: .jobID, length: 1...64, .jobID)
    if case .unrecognized = self.status { checker.report(.status, .knownState) }
    checker.details(self.statusDetails)
    checker.stepTimeout(self.stepTimeoutMinutes, canStop: true)
    return checker.breaches
  }
}

/// Collects breaches up to a limit.
private struct ConstraintChecker {
  private(set) var breaches: [ConstraintBreach] = []
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  mutating func report(_ place: ConstraintBreach.Place, _ rule: ConstraintBreach.Rule) {
    guard self.breaches.count < self.limit else { return }
    self.breaches.append(ConstraintBreach(place, rule))
  }

  mutating func thingName(_ name: String) {
    self.text(name, at: .thingName, length: 1...128, .thingName)
  }

  mutating func stepTimeout(_ minutes: Int64?, canStop: Bool) {
    // The model has no range; the API reference states one in prose.
    let allowed: ClosedRange<Int64> = 1...10080
    guard let minutes, !allowed.contains(minutes), !(canStop && minutes == -1) else { return }
    self.report(.stepTimeoutMinutes, .minutes(allowed: allowed, stop: canStop))
  }

  mutating func details(_ details: StatusDetails?) {
    guard let details else { return }
    for entry in details.entries where self.breaches.count < self.limit {
      self.text(entry.name, at: .detailName(entry.name), length: 1...128, .detailName)
      self.text(
        entry.value, at: .detailValue(name: entry.name), length: 1...1024, .detailValue)
    }
  }

  mutating func text(
    _ text: String, at place: @autoclosure () -> ConstraintBreach.Place,
    length: ClosedRange<Int>, _ rule: ConstraintBreach.CharacterRule
  ) {
    // Legal text is nearly always ASCII, of which a byte is a character.
    if length.contains(text.utf8.count), rule.allowsASCII(text.utf8Span.span) { return }
    let count = text.unicodeScalars.count
    if !length.contains(count) {
      self.report(place(), .length(allowed: length, actual: count))
    }
    if !text.unicodeScalars.allSatisfy(rule.allows) {
      self.report(place(), .characters(rule))
    }
  }
}

extension ConstraintBreach.CharacterRule {
  /// True for bytes that are legal ASCII characters, each of them.
  fileprivate func allowsASCII(_ bytes: Span<UInt8>) -> Bool {
    for position in bytes.indices {
      guard self.allowsASCII(bytes[position]) else { return false }
    }
    return true
  }

  /// True for a byte that is a legal ASCII character.
  fileprivate func allowsASCII(_ byte: UInt8) -> Bool {
    switch (self, byte) {
    case (.detailValue, 0x20...0x7E): true
    case (.detailValue, _): false
    case (_, UInt8(ascii: "a")...UInt8(ascii: "z")), (_, UInt8(ascii: "A")...UInt8(ascii: "Z")),
      (_, UInt8(ascii: "0")...UInt8(ascii: "9")), (_, UInt8(ascii: "_")), (_, UInt8(ascii: "-")):
      true
    case (.thingName, UInt8(ascii: ":")), (.detailName, UInt8(ascii: ":")): true
    case (.thingName, _), (.jobID, _), (.jobIDOrNext, _), (.detailName, _): false
    }
  }

  fileprivate func allows(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return self.allowsASCII(UInt8(scalar.value)) }
    guard self == .detailValue else { return false }
    // The pattern is [^\p{C}]+: none of Cc, Cf, Cs, Co, Cn. What is unassigned depends on the
    // Unicode version of the checker; ours is at least as new as the service's.
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned: return false
    default: return true
    }
  }
}
