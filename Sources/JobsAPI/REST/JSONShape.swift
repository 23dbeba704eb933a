// SPDX-License-Identifier: Apache-2.0

/// JSON that is well formed but not of the form that AWS's model gives it.
package struct JSONShapeError: Error, Equatable, Sendable {
  package enum Expected: String, Sendable {
    case object = "an object"
    case list = "a list"
    case text = "a string"
    case number = "an integer"
    case flag = "a boolean"
  }

  /// The member at fault, empty for the whole text. A name of the model's, never a peer's.
  package var member: String
  package var expected: Expected

  static let notAnObject = JSONShapeError(member: "", expected: .object)

  /// What is wrong, for an error text. It holds nothing that a peer sent.
  package var text: String {
    let subject = self.member.isEmpty ? "the body" : "the member \(self.member)"
    return "\(subject) is not \(self.expected.rawValue)"
  }
}

/// Members by the types of AWS's model. A member that is absent or null is nil, as AWS's own
/// readers have it; one of another type is an error.
extension JSONValue {
  package func text(_ name: String) throws(JSONShapeError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else { throw JSONShapeError(member: name, expected: .text) }
    return text
  }

  /// Fractions are cut toward zero, for AWS has sent times that have them.
  package func number(_ name: String) throws(JSONShapeError) -> Int64? {
    guard let value = self[name] else { return nil }
    guard let number = value.int64 else { throw JSONShapeError(member: name, expected: .number) }
    return number
  }

  package func flag(_ name: String) throws(JSONShapeError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard let flag = value.bool else { throw JSONShapeError(member: name, expected: .flag) }
    return flag
  }

  package func object(_ name: String) throws(JSONShapeError) -> JSONValue? {
    guard let value = self[name] else { return nil }
    guard value.isObject else { throw JSONShapeError(member: name, expected: .object) }
    return value
  }

  package func list(_ name: String) throws(JSONShapeError) -> [JSONValue]? {
    guard let value = self[name] else { return nil }
    guard value.kind == .array else { throw JSONShapeError(member: name, expected: .list) }
    return value.elements
  }

  /// An object of strings. Pairs with a null value are dropped.
  package func details(_ name: String) throws(JSONShapeError) -> StatusDetails? {
    guard let object = try self.object(name) else { return nil }
    var pairs: [(String, String)] = []
    for (key, value) in object.members where !value.isNull {
      guard let text = value.string else { throw JSONShapeError(member: name, expected: .text) }
      pairs.append((key, text))
    }
    return StatusDetails(pairs)
  }
}
