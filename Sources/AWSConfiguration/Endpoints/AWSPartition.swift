// SPDX-License-Identifier: Apache-2.0

/// A group of regions that share accounts and the ends of their host names.
///
/// Source: AWS's `partitions.json` as of botocore 1.43.11. No partition in it lacks FIPS or
/// dual-stack names.
package struct AWSPartition: Equatable, Sendable {
  package let name: String
  let dnsSuffix: String
  let dualStackDnsSuffix: String
  /// A region that stands for all of them.
  private let globalRegion: String
  /// What a region's name begins with, in words between hyphens; a word and a number follow.
  private let prefixes: [[Substring]]

  private init(
    _ name: String, _ prefixes: [[Substring]], _ dnsSuffix: String, _ dualStackDnsSuffix: String
  ) {
    self.name = name
    self.dnsSuffix = dnsSuffix
    self.dualStackDnsSuffix = dualStackDnsSuffix
    self.globalRegion = "\(name)-global"
    self.prefixes = prefixes
  }

  package static let aws = AWSPartition(
    "aws", [["us"], ["eu"], ["ap"], ["sa"], ["ca"], ["me"], ["af"], ["il"], ["mx"]],
    "amazonaws.com", "api.aws")

  private static let all = [
    aws,
    AWSPartition(
      "aws-cn", [["cn"]], "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    AWSPartition("aws-eusc", [["eusc", "de"]], "amazonaws.eu", "api.amazonwebservices.eu"),
    AWSPartition("aws-iso", [["us", "iso"]], "c2s.ic.gov", "api.aws.ic.gov"),
    AWSPartition("aws-iso-b", [["us", "isob"]], "sc2s.sgov.gov", "api.aws.scloud"),
    AWSPartition(
      "aws-iso-e", [["eu", "isoe"]], "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    AWSPartition("aws-iso-f", [["us", "isof"]], "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    AWSPartition("aws-us-gov", [["us", "gov"]], "amazonaws.com", "api.aws"),
  ]

  /// The partition of a region. One that fits nowhere counts as AWS's own.
  package static func containing(_ region: String) -> AWSPartition {
    self.all.first { $0.holds(region) } ?? self.aws
  }

  /// True if a region's name is of a kind that some partition has, such as `eu-west-1`.
  package static func isKnown(_ region: AWSRegion) -> Bool {
    self.all.contains { $0.holds(region.name) }
  }

  /// The patterns of two partitions never fit the same name, so their order does not matter.
  private func holds(_ region: String) -> Bool {
    if region == self.globalRegion { return true }
    let words = region.split(separator: "-", omittingEmptySubsequences: false)
    guard let number = words.last, !number.isEmpty,
      number.allSatisfy({ "0"..."9" ~= $0 }), !words.dropLast().contains("")
    else { return false }
    return self.prefixes.contains { prefix in
      words.count == prefix.count + 2 && words.starts(with: prefix)
    }
  }
}
