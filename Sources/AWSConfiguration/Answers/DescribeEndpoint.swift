// SPDX-License-Identifier: Apache-2.0

import JobsAPI

/// `iot:DescribeEndpoint`, which tells an account's own endpoint of the jobs data plane.
/// Source: AWS IoT API reference, DescribeEndpoint.
package enum DescribeEndpoint {
  /// Below the endpoint of ``AWSService/iot``; a GET, signed as `iot`.
  package static let target = "/endpoint?endpointType=iot%3AJobs"

  /// The endpoint in an answer with status 200: a bare host, perhaps with a port.
  ///
  /// - Parameter isSecure: whether the answer came over TLS. AWS's do; an emulator's without may well
  ///   name a host that speaks none.
  package static func endpoint(
    _ body: [UInt8], signingRegion: String, isSecure: Bool = true,
    limit: Int = CredentialAnswer.limitBytes
  ) throws(CredentialAnswerError) -> ServiceEndpoint {
    guard body.count <= limit else { throw .tooLong(limitBytes: limit) }
    guard let json = try? JSONValue(parsing: body), json.isObject else {
      throw .malformed("not a JSON object")
    }
    guard let address = json["endpointAddress"] else { throw .missing(member: "endpointAddress") }
    guard let text = address.string, !text.contains("/"),
      let url = HTTPURL("\(isSecure ? "https" : "http")://\(text)")
    else { throw .invalid(member: "endpointAddress", rule: "the name of a host") }
    return ServiceEndpoint(
      service: .iotJobsData, url: url, signingRegion: signingRegion, origin: .describeEndpoint)
  }
}
