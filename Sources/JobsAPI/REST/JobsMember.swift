// SPDX-License-Identifier: Apache-2.0

/// A member of AWS's answers that is read here, told by the bytes of its name. Source: IoT Jobs Data
/// Plane API, 2017-09-29; for errors, AWS's restJson1 protocol and what its front doors send.
enum JobsMember {
  case jobID, thingName, status, statusDetails, queuedAt, startedAt, lastUpdatedAt
  case approximateSecondsBeforeTimedOut, versionNumber, executionNumber, jobDocument
  case execution, executionState, inProgressJobs, queuedJobs
  case code, capitalCode, message, capitalMessage, type, output
  /// None that is known; it is ignored.
  case other

  init(name: Span<UInt8>) {
    self =
      switch name {
      case "jobId": .jobID
      case "thingName": .thingName
      case "status": .status
      case "statusDetails": .statusDetails
      case "queuedAt": .queuedAt
      case "startedAt": .startedAt
      case "lastUpdatedAt": .lastUpdatedAt
      case "approximateSecondsBeforeTimedOut": .approximateSecondsBeforeTimedOut
      case "versionNumber": .versionNumber
      case "executionNumber": .executionNumber
      case "jobDocument": .jobDocument
      case "execution": .execution
      case "executionState": .executionState
      case "inProgressJobs": .inProgressJobs
      case "queuedJobs": .queuedJobs
      case "code": .code
      case "Code": .capitalCode
      case "message": .message
      case "Message": .capitalMessage
      case "__type": .type
      case "Output": .output
      default: .other
      }
  }
}
