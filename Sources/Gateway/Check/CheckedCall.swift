// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import Upstream

/// The one call that a check makes: a describe, which changes nothing, of a job that there is not.
/// That AWS does not find it proves all that matters: it was reached, it knew the signature, and it
/// let the identity read.
struct CheckedCall {
  /// Legal names that nobody gives to anything.
  private static let nobody = "iot-jobs-gateway-check"

  let call: DescribeJobExecution
  /// True if the thing is one that somebody named, and so is expected to be there.
  let isNamed: Bool

  /// - Parameter thing: a thing whose next job is described instead.
  init(thing: String?) {
    var call = DescribeJobExecution(
      thingName: thing ?? Self.nobody, jobID: thing == nil ? Self.nobody : "$next")
    call.includeJobDocument = false
    self.call = call
    self.isNamed = thing != nil
  }

  func request(
    to endpoint: ServiceEndpoint, with credential: Credential, at time: SigningTime
  ) throws(SigningError) -> FetchRequest {
    var request = FetchRequest(.get, endpoint.url, target: self.call.restRequest.target)
    try request.sign(
      as: endpoint.service, region: endpoint.signingRegion, with: credential, at: time)
    return request
  }

  /// What an answer proves.
  func line(_ response: UpstreamResponse, _ repair: Repair) -> CheckLine {
    do throws(JobsFailure) {
      let execution = try self.call.readReply(response.head, body: response.body.span)
      let found = execution?.jobID.map { "job \($0) is next" } ?? "nothing is pending"
      return .ok(.call, "\(JobsOperation.describe.rawValue) answered: \(found)")
    } catch {
      return self.line(error.cause, response, repair)
    }
  }

  private func line(
    _ cause: JobsFailure.Cause, _ response: UpstreamResponse, _ repair: Repair
  ) -> CheckLine {
    guard case .refused(let refusal) = cause else {
      return .failed(
        .call, "what answers is not the data plane: HTTP \(response.head.status), unreadable",
        repair: repair.wrongEndpoint)
    }
    switch refusal.kind {
    case .resourceNotFound where self.isNamed && refusal.isNamed:
      return .warning(
        .call, "signed and allowed, but AWS does not know the thing \(self.call.thingName)",
        repair: "see that the thing is of this account and of \(repair.endpoint.signingRegion)")
    case .resourceNotFound where refusal.isNamed, .terminalState:
      return .ok(.call, "signed, allowed and answered: no such job, as it should be")
    default:
      let id = response.head.requestID.map { " (request id \($0))" } ?? ""
      return .failed(.call, refusal.words + id, repair: repair.words(for: refusal))
    }
  }
}
