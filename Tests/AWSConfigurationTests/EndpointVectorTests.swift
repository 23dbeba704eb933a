// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Testing

/// The `client` cases of endpoints.json: AWS's whole client with environment and shared file.
@Suite struct EndpointVectorTests {
  /// Where the gateway does otherwise than botocore, and what it does.
  static let differences: [String: Outcome] = [
    // FIPS is not dropped silently when somebody gives a host of their own.
    "c005": .refused, "c010": .refused, "c023": .refused,
    // AWS_REGION counts.
    "c025": .endpoint(
      url: "https://data.jobs.iot.eu-west-1.amazonaws.com", signingRegion: "eu-west-1"),
    // A password in an endpoint is refused.
    "c041": .refused,
    // Upper case is lowered.
    "c047": .endpoint(
      url: "https://data.jobs.iot.us-west-2.amazonaws.com", signingRegion: "us-west-2"),
    // There is no way to call AWS's own hosts without TLS.
    "c048": .endpoint(
      url: "https://data.jobs.iot.us-west-2.amazonaws.com", signingRegion: "us-west-2"),
  ]

  enum Outcome: Equatable {
    case endpoint(url: String, signingRegion: String)
    case refused
  }

  @Test func `each case of AWS's client comes out the same, or differs by name`() throws {
    let cases = try EndpointVectors.load().client
    #expect(cases.count == 48)
    for vector in cases {
      let expected =
        Self.differences[vector.id]
        ?? vector.expected.url.map {
          .endpoint(url: $0, signingRegion: vector.expected.signingRegion ?? "")
        } ?? .refused
      let endpoint = try? Self.endpoint(vector)
      let outcome =
        endpoint.map {
          Outcome.endpoint(url: $0.url.text, signingRegion: $0.signingRegion)
        } ?? .refused
      #expect(outcome == expected, "\(vector.id)")
      guard let endpoint, Self.differences[vector.id] == nil else { continue }
      #expect(endpoint.signingName == vector.expected.signingName, "\(vector.id)")
      #expect(endpoint.url.hostHeader == vector.expected.hostHeader, "\(vector.id)")
      #expect(Self.requestURL(endpoint.url) == vector.expected.requestURL, "\(vector.id)")
    }
  }

  @Test func `every difference is one`() throws {
    for vector in try EndpointVectors.load().client {
      guard let ours = Self.differences[vector.id] else { continue }
      let theirs = vector.expected.url.map {
        Outcome.endpoint(url: $0, signingRegion: vector.expected.signingRegion ?? "")
      }
      #expect(ours != theirs ?? .refused, "\(vector.id)")
    }
  }

  private static func endpoint(_ vector: EndpointVectors.ClientCase) throws -> ServiceEndpoint {
    let file = try vector.sharedConfig.map {
      try SharedFile(parsing: Array($0.utf8), kind: .config, path: "config")
    }
    var overrides = AWSOverrides()
    overrides.region = vector.region.map { Sourced($0, from: .program("--region")) }
    overrides.usesFIPS = vector.useFIPS.map { Sourced($0, from: .program("--fips")) }
    overrides.usesDualStack = vector.useDualStack.map { Sourced($0, from: .program("--dual")) }
    let settings = try AWSSettings(
      environment: AWSEnvironment(vector.env), shared: SharedConfiguration(config: file),
      overrides: overrides)
    guard let url = vector.endpointURL else { return try settings.endpoint(for: .iotJobsData) }
    return try settings.endpoint(
      for: .iotJobsData, at: Sourced(url, from: .program("--upstream-endpoint")))
  }

  /// As the vectors have it, with a port that is the scheme's own where it was given.
  private static func requestURL(_ url: HTTPURL) -> String {
    let host = url.address?.bytes.count == 16 ? "[\(url.host)]" : url.host
    let port = url.explicitPort.map { ":\($0)" } ?? ""
    return "\(url.isSecure ? "https" : "http")://\(host)\(port)\(url.basePath)/things/t/jobs"
  }
}
