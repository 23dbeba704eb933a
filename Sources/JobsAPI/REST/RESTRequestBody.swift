// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a request's body, to the server that reads it. Types are checked here;
/// constraints are whoever's that carries the call out.
package struct RESTBodyError: Error, Equatable, Sendable {
  /// What AWS would say, near enough, with a 400 and the name `InvalidRequestException`.
  package var message: String

  private init(message: String) {
    self.message = message
  }

  /// A member of another type than AWS's model gives it.
  package init(_ error: JSONShapeError) {
    self.init(message: "The value at '\(error.member)' is not \(error.expected.rawValue).")
  }

  static let notAnObject = RESTBodyError(message: "The request body is not a JSON object.")
  static let noStatus = RESTBodyError(
    message: "1 validation error detected: Value null at 'status' failed to satisfy "
      + "constraint: Member must not be null")
}

extension JSONValue {
  /// The object in a request's body; nil, which counts as `{}`, for a body of no bytes.
  package static func requestBody(_ body: Span<UInt8>) throws(RESTBodyError) -> JSONValue? {
    guard !body.isEmpty else { return nil }
    guard let json = try? JSONValue(parsing: body), json.isObject else { throw .notAnObject }
    return json
  }
}

extension StartNextPendingJobExecution {
  package init(thingName: String, restBody body: Span<UInt8>) throws(RESTBodyError) {
    self.init(thingName: thingName)
    guard let json = try JSONValue.requestBody(body) else { return }
    do {
      self.statusDetails = try json.details("statusDetails")
      self.stepTimeoutMinutes = try json.number("stepTimeoutInMinutes")
    } catch {
      throw RESTBodyError(error)
    }
  }
}

extension UpdateJobExecution {
  /// A status that is not AWS's is kept as `unrecognized`.
  package init(
    thingName: String, jobID: String, restBody body: Span<UInt8>
  ) throws(RESTBodyError) {
    let json = try JSONValue.requestBody(body)
    do {
      let status = try json?.text("status").map { JobExecutionStatus(awsWord: $0) }
      self.init(thingName: thingName, jobID: jobID, status: status ?? .unrecognized(""))
      try self.readMembers(json)
      if status != nil { return }
    } catch {
      throw RESTBodyError(error)
    }
    throw .noStatus
  }

  private mutating func readMembers(_ json: JSONValue?) throws(JSONShapeError) {
    guard let json else { return }
    self.statusDetails = try json.details("statusDetails")
    self.stepTimeoutMinutes = try json.number("stepTimeoutInMinutes")
    self.expectedVersion = try json.number("expectedVersion")
    self.includeJobExecutionState = try json.flag("includeJobExecutionState")
    self.includeJobDocument = try json.flag("includeJobDocument")
    self.executionNumber = try json.number("executionNumber")
  }
}
