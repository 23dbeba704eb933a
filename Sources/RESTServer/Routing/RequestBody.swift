// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOCore

/// The JSON object in a request's body, read by the types of AWS's model. No body counts as `{}`.
/// Members that are absent and members that are null are the same, as AWS has it.
package struct RequestBody {
  private let json: JSONValue?

  /// Refuses what is not one JSON object.
  package init(_ request: ServerRequest) throws(AWSError) {
    do {
      self.json = try JSONValue.requestBody(request.body.readableBytesUInt8Span)
    } catch {
      throw .invalidRequest(error.message)
    }
  }

  private init(_ json: JSONValue?) {
    self.json = json
  }

  /// The names of all members that are not null.
  var memberNames: [String] {
    guard let json = self.json else { return [] }
    return json.members.compactMap { $0.value.isNull ? nil : $0.name }
  }

  func text(_ name: String) throws(AWSError) -> String? {
    try Self.checked { () throws(JSONShapeError) in try self.json?.text(name) }
  }

  /// A whole number; nil if it is absent.
  package func number(_ name: String) throws(AWSError) -> Int64? {
    try Self.checked { () throws(JSONShapeError) in try self.json?.number(name) }
  }

  func details(_ name: String) throws(AWSError) -> StatusDetails? {
    try Self.checked { () throws(JSONShapeError) in try self.json?.details(name) }
  }

  /// The object under a name; one without members if there is none.
  func object(_ name: String) throws(AWSError) -> RequestBody {
    RequestBody(try Self.checked { () throws(JSONShapeError) in try self.json?.object(name) })
  }

  /// A list of strings.
  func texts(_ name: String) throws(AWSError) -> [String]? {
    try self.elements(name) { $0.string }
  }

  /// A list of objects.
  func objects(_ name: String) throws(AWSError) -> [RequestBody]? {
    try self.elements(name) { $0.isObject ? RequestBody($0) : nil }
  }

  private func elements<Element>(
    _ name: String, _ read: (JSONValue) -> Element?
  ) throws(AWSError) -> [Element]? {
    guard let list = try Self.checked({ () throws(JSONShapeError) in try self.json?.list(name) })
    else { return nil }
    var elements: [Element] = []
    for value in list where !value.isNull {
      guard let element = read(value) else {
        throw .invalidRequest("The list '\(name)' holds a value of another type.")
      }
      elements.append(element)
    }
    return elements
  }

  private static func checked<Value>(
    _ read: () throws(JSONShapeError) -> Value?
  ) throws(AWSError) -> Value? {
    do {
      return try read()
    } catch {
      throw .invalidRequest(RESTBodyError(error).message)
    }
  }
}
