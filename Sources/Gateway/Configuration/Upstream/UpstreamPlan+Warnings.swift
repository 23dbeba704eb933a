// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Logging
import Telemetry

extension UpstreamPlan {
  /// One line for the log: what works, and is most likely not what somebody wanted.
  struct Warning: Equatable, Sendable {
    /// Constant; what varies is in the details.
    var message: String
    var details: [String: String]
    /// What to do about it.
    var repair: String

    func log(to logger: Logger) {
      var metadata: Logger.Metadata = self.details.mapValues { .string($0) }
      metadata[LogKey.repair] = .string(self.repair)
      logger.warning("\(self.message)", metadata: metadata)
    }
  }

  /// What is known to be odd before anything is tried.
  var warnings: [Warning] {
    var warnings = self.aws.warnings.map { warning in
      Warning(
        message: "setting without effect", details: [LogKey.reason: warning],
        repair: "write true or false")
    }
    if let region = self.aws.region, !AWSPartition.isKnown(region.value) {
      warnings.append(
        Warning(
          message: "AWS names none of its regions like this",
          details: [LogKey.region: region.value.name, LogKey.origin: "\(region.origin)"],
          repair: "see that it is spelled like eu-west-1, without the letter of a zone"))
    }
    if self.skipsVerification {
      warnings.append(
        Warning(
          message: "certificates of AWS are not verified: whoever sits on the way can read and "
            + "change every call",
          details: [LogKey.setting: "--\(UpstreamSettings.skipVerification.name)"],
          repair: "name the authorities with --\(UpstreamSettings.caBundle.name) instead"))
    }
    switch self.target {
    case .known(let endpoint): warnings += Self.warnings(endpoint)
    case .discovered(let control): warnings += Self.warnings(control)
    }
    return warnings
  }

  /// The same of an endpoint, which may be known only later.
  static func warnings(_ endpoint: ServiceEndpoint) -> [Warning] {
    var warnings: [Warning] = []
    if !endpoint.url.isSecure, !endpoint.url.isLoopback {
      warnings.append(
        Warning(
          message: "plain http leaves this machine: others can read calls and session tokens",
          details: [
            LogKey.upstream: endpoint.url.hostHeader, LogKey.origin: "\(endpoint.origin)",
          ],
          repair: "use an https:// URL"))
    }
    if endpoint.service == .iotJobsData, endpoint.origin == .ruleSet {
      warnings.append(
        Warning(
          message: "the region's default host is used, which AWS refuses",
          details: [LogKey.upstream: endpoint.url.hostHeader],
          repair: "leave --\(UpstreamSettings.endpoint.name) out, so that the account's own "
            + "endpoint is looked up"))
    }
    if let ignored = endpoint.ignored {
      warnings.append(
        Warning(
          message: "setting without effect",
          details: [LogKey.reason: "\(ignored): the endpoint is given by \(endpoint.origin)"],
          repair: "unset it, or name a host that has addresses of IPv6"))
    }
    return warnings
  }
}
