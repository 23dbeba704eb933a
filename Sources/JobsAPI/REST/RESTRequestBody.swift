// SPDX-License-Identifier: Apache-2.0

/// The bodies of StartNext and Update as a server reads them. Types are checked here; constraints
/// are whoever's that carries the call out.
package struct RESTBodyError: Error, Equatable, Sendable {
  /// What AWS would say, near enough, with a 400 and the name `InvalidRequestException`.
  package var message: String
}

extension StartNextPendingJobExecution {
  /// A body of no bytes counts as `{}`.
  package init(thingName: String, restBody body: Span<UInt8>) throws(RESTBodyError) {
    self.init(thingName: thingName)
    guard !body.isEmpty else { return }
    let json = try RESTRequestBody.object(body)
    do {
      self.statusDetails = try json.details("statusDetails")
      self.stepTimeoutMinutes = try json.number("stepTimeoutInMinutes")
    } catch {
      throw RESTRequestBody.wrongType(error)
    }
  }
}

extension UpdateJobExecution {
  /// A status that is not AWS's is kept as `unrecognized`.
  package init(
    thingName: String, jobID: String, restBody body: Span<UInt8>
  ) throws(RESTBodyError) {
    let json = body.isEmpty ? nil : try RESTRequestBody.object(body)
    do {
      let status = try json?.text("status").map { JobExecutionStatus(awsWord: $0) }
      self.init(thingName: thingName, jobID: jobID, status: status ?? .unrecognized(""))
      try self.readMembers(json)
      if status != nil { return }
    } catch {
      throw RESTRequestBody.wrongType(error)
    }
    throw RESTBodyError(
      message: "1 validation error detected: Value null at 'status' failed to satisfy "
        + "constraint: Member must not be null")
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

enum RESTRequestBody {
  static func object(_ body: Span<UInt8>) throws(RESTBodyError) -> JSONValue {
    guard let json = try? JSONValue(parsing: body), json.isObject else {
      throw RESTBodyError(message: "The request body is not a JSON object.")
    }
    return json
  }

  static func wrongType(_ error: JSONShapeError) -> RESTBodyError {
    RESTBodyError(message: "The value at '\(error.member)' is not \(error.expected.rawValue).")
  }
}
