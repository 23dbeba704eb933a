// SPDX-License-Identifier: Apache-2.0

import JobsAPI

extension ConstraintViolations {
  func throwIfAny() throws(JobsFailure) {
    guard let message = self.message else { return }
    throw .invalidRequest(message)
  }

  mutating func length(_ member: String, _ value: String, _ range: ClosedRange<Int>) {
    let count = value.unicodeScalars.count
    if count < range.lowerBound {
      self.add(
        member, value, "Member must have length greater than or equal to \(range.lowerBound)")
    } else if count > range.upperBound {
      self.add(member, value, "Member must have length less than or equal to \(range.upperBound)")
    }
  }

  mutating func range(_ member: String, _ value: Int64, _ range: ClosedRange<Int64>) {
    if value < range.lowerBound {
      self.add(
        member, "\(value)", "Member must have value greater than or equal to \(range.lowerBound)")
    } else if value > range.upperBound {
      self.add(
        member, "\(value)", "Member must have value less than or equal to \(range.upperBound)")
    }
  }

  mutating func word(_ member: String, _ value: String, isOneOf words: [String]) {
    guard !words.contains(value) else { return }
    self.add(
      member, value, "Member must satisfy enum value set: [\(words.joined(separator: ", "))]")
  }

  mutating func pattern(_ member: String, _ value: String, _ pattern: TextPattern) {
    guard !pattern.matches(value) else { return }
    self.add(
      member, value, "Member must satisfy regular expression pattern: \(pattern.expression)")
  }
}

/// The patterns of AWS's models, as whole-text matches.
enum TextPattern: Sendable {
  case thingName
  case jobID
  case reasonCode
  case printable

  var expression: String {
    switch self {
    case .thingName: "[a-zA-Z0-9:_-]+"
    case .jobID: "[a-zA-Z0-9_-]+"
    case .reasonCode: "[\\p{Upper}\\p{Digit}_]+"
    case .printable: "[^\\p{C}]+"
    }
  }

  func matches(_ text: String) -> Bool {
    guard !text.isEmpty else { return false }
    switch self {
    case .thingName: return text.utf8.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: ":") }
    case .jobID: return text.utf8.allSatisfy { $0.isNameByte }
    case .reasonCode:
      return text.utf8.allSatisfy { $0.isUpper || $0.isDigit || $0 == UInt8(ascii: "_") }
    case .printable: return text.unicodeScalars.allSatisfy { !$0.isOther }
    }
  }
}

extension UInt8 {
  fileprivate var isUpper: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }
  fileprivate var isLower: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
  fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  fileprivate var isNameByte: Bool {
    self.isLower || self.isUpper || self.isDigit || self == UInt8(ascii: "_")
      || self == UInt8(ascii: "-")
  }
}

extension Unicode.Scalar {
  /// The categories Cc, Cf, Cs, Co and Cn, which `\p{C}` stands for.
  fileprivate var isOther: Bool {
    switch self.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned: true
    default: false
    }
  }
}
