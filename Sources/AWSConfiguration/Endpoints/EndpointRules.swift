// SPDX-License-Identifier: Apache-2.0

/// AWS's endpoint rule sets of the three services, as of botocore 1.43.11.
package enum EndpointRules {
  /// The words of the rule set itself.
  package enum Refusal: String, Error, Equatable, Sendable {
    case fipsWithEndpoint =
      "Invalid Configuration: FIPS and custom endpoint are not supported"
    case dualStackWithEndpoint =
      "Invalid Configuration: Dualstack and custom endpoint are not supported"
    case missingRegion = "Invalid Configuration: Missing Region"
  }

  /// Where a service is, and the region that its signature names.
  package struct Answer: Equatable, Sendable {
    package let url: String
    /// Nil if there was none to begin with.
    package let signingRegion: String?
  }

  /// - Parameters:
  ///   - region: a name that ``AWSRegion`` has checked.
  ///   - endpoint: a custom one, which beats the rules.
  package static func resolve(
    _ service: AWSService, region: String?, usesFIPS: Bool = false, usesDualStack: Bool = false,
    endpoint: String? = nil
  ) throws(Refusal) -> Answer {
    if let endpoint {
      if usesFIPS { throw .fipsWithEndpoint }
      if usesDualStack { throw .dualStackWithEndpoint }
      return Answer(url: endpoint, signingRegion: region)
    }
    guard let region else { throw .missingRegion }
    if service == .sts, region == "aws-global", !usesFIPS, !usesDualStack {
      return Answer(url: "https://sts.amazonaws.com", signingRegion: "us-east-1")
    }
    let partition = AWSPartition.containing(region)
    let suffix = usesDualStack ? partition.dualStackDnsSuffix : partition.dnsSuffix
    // STS of the US government's partition meets FIPS under its plain name.
    let isPlain =
      !usesFIPS || service == .sts && !usesDualStack && partition.name == "aws-us-gov"
    let prefix = isPlain ? service.hostPrefix : service.hostPrefix + "-fips"
    return Answer(url: "https://\(prefix).\(region).\(suffix)", signingRegion: region)
  }
}

extension AWSService {
  fileprivate var hostPrefix: String {
    switch self {
    case .iotJobsData: "data.jobs.iot"
    case .iot: "iot"
    case .sts: "sts"
    }
  }
}
