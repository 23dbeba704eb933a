// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import JobsAPI
import Transport
import Upstream

/// What an operator does about an error of AWS's, in the words of somebody who has seen it before.
///
/// Source: the tables of AWS's common errors, and what its clients' users report of them.
struct Repair {
  /// IAM's name for what was tried, such as `iot:DescribeEndpoint`.
  var action: String
  var endpoint: ServiceEndpoint
  /// The end of the access key's id, and where it came from, if that is known.
  var credential: String?

  static func describingEndpoint(
    at control: ServiceEndpoint, credential: String?
  ) -> Repair {
    Repair(action: "iot:DescribeEndpoint", endpoint: control, credential: credential)
  }

  private var region: String { self.endpoint.signingRegion }

  private var key: String { self.credential.map { "the access key (\($0))" } ?? "the access key" }

  func words(for refusal: AWSRefusal) -> String {
    switch refusal.kind {
    case .invalidEndpoint: self.invalidEndpoint
    case .wrongEndpoint, .certificate: self.wrongEndpoint
    case .accessDenied: self.accessDenied
    case .signingFailed: self.signingFailed(refusal)
    case .credentialsExpired: self.badCredential(refusal)
    case .clockSkew:
      "set this machine's clock (chronyd or systemd-timesyncd on the node; pods share its clock)"
    case .invalidRequest:
      "see that the thing is named as AWS allows: letters, digits, hyphen, underscore and colon"
    case .throttled, .quotaExceeded:
      "somebody uses up the account's quota; wait, or lower the rates of others"
    case .serviceUnavailable, .internalFailure, .requestTimeout:
      "AWS has trouble of its own; try again in a while"
    default: self.unknown(refusal)
    }
  }

  private var invalidEndpoint: String {
    "this host serves no account. Leave --upstream-endpoint and AWS_ENDPOINT_URL… out, so that the "
      + "account's own endpoint is looked up, or set --upstream-endpoint to https:// and what "
      + "`aws iot describe-endpoint --endpoint-type iot:Jobs --region \(self.region)` prints"
  }

  var wrongEndpoint: String {
    "\(self.endpoint.url.hostHeader), from \(self.endpoint.origin), is not an endpoint of "
      + "\(self.service) in \(self.region)"
      + (self.endpoint.service == .iotJobsData ? ": " + self.invalidEndpoint : "")
  }

  private var service: String {
    self.endpoint.service == .iotJobsData ? "the IoT jobs data plane" : "AWS IoT"
  }

  private var accessDenied: String {
    let resource =
      self.endpoint.service == .iotJobsData
      ? "arn:aws:iot:\(self.region):ACCOUNT:thing/*" : "*"
    let other =
      self.endpoint.service == .iot ? ", or set --upstream-endpoint, which needs no look-up" : ""
    return "allow \(self.action) on \(resource) to the identity that \(self.key) stands for"
      + " (`aws sts get-caller-identity` tells it)" + other
  }

  private func signingFailed(_ refusal: AWSRefusal) -> String {
    if refusal.name.hasPrefix("MissingAuthenticationToken") {
      return
        "the Authorization header did not arrive, or the path is unknown there: look at proxies "
        + "on the way, and at the path of \(self.endpoint.url.text)"
    }
    return
      "the secret does not belong to \(self.key), or holds a blank or lost a character; set both "
      + "again. If they are right, the region (\(self.region)) may not be the endpoint's, or a proxy "
      + "on the way changes requests"
  }

  private func badCredential(_ refusal: AWSRefusal) -> String {
    if refusal.name.hasPrefix("ExpiredToken") {
      return
        "get new temporary credentials; with a role (IRSA, Pod Identity, instance profile) the "
        + "gateway renews them by itself"
    }
    return
      "AWS does not know \(self.key): it was deleted or switched off, belongs to another partition "
      + "than \(self.region), or is temporary (ASIA…) and AWS_SESSION_TOKEN is missing or another's"
  }

  private func unknown(_ refusal: AWSRefusal) -> String {
    switch refusal.httpStatus {
    case 300..<400: "redirects are not followed: name the final host with --upstream-endpoint"
    case 401, 403: self.accessDenied
    case 404: self.wrongEndpoint
    case 407: "a proxy asks for a user: write it into HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT"
    case 500...: "whatever answers at \(self.endpoint.url.hostHeader) has trouble; try again"
    default: "look at what answers at \(self.endpoint.url.hostHeader)"
    }
  }
}

extension DiscoveryFailure {
  /// What to do about it.
  ///
  /// - Parameters:
  ///   - proxy: the one that the control plane is reached through.
  ///   - credential: what it was asked with; see ``Repair/credential``.
  func repair(
    at control: ServiceEndpoint, _ proxy: OutboundProxy?, credential: String?
  ) -> String {
    switch self {
    case .refused(let refusal):
      Repair.describingEndpoint(at: control, credential: credential).words(for: refusal)
    case .noCredentials, .unsignable:
      "give the gateway credentials; `iot-jobs-gateway check` says what to mend"
    case .noAnswer(.exchange(.connectFailed(let failure))):
      NetworkRepair(url: control.url, proxy: proxy).words(for: failure)
    case .noAnswer: "see that \(control.url.hostHeader) is reached from here"
    case .unreadable: "see who answers at \(control.url.hostHeader), or set --upstream-endpoint"
    case .notFIPS: "set --upstream-endpoint to the account's host that meets FIPS"
    }
  }
}
