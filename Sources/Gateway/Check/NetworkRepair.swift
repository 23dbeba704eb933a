// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import CryptoEngine
import Transport

/// What an operator does about a connection that cannot be made.
struct NetworkRepair {
  let url: HTTPURL
  let proxy: OutboundProxy?

  /// Also of a name that resolves to nothing.
  var unresolvable: String {
    self.proxy == nil
      ? "see that the name is spelled right and that region and endpoint belong together; in a pod, "
        + "see that DNS is allowed out (network policies)"
      : "see that \(self.proxySetting) names the proxy as it is known here"
  }

  func words(for failure: ConnectFailure) -> String {
    switch failure {
    case .unresolvable: self.unresolvable
    case .tls(let failure): self.words(for: failure)
    case .proxy(.refused(status: 407)):
      "write the proxy's user into \(self.proxySetting): http://USER:PASSWORD@HOST:PORT"
    case .proxy(.refused(status: 403)):
      "have the proxy allow CONNECT to \(self.url.host) port \(self.url.port), or name the host in "
        + "NO_PROXY"
    case .proxy:
      "see that \(self.proxySetting) is right and the proxy up, or name \(self.url.host) in NO_PROXY"
    case .timedOut, .native, .other: self.unreachable
    }
  }

  /// The variable and what it says, but for the user in it.
  private var proxySetting: String {
    let name = self.url.isSecure ? "HTTPS_PROXY" : "HTTP_PROXY"
    return self.proxy.map { "\(name) (\($0))" } ?? name
  }

  private var unreachable: String {
    let host = "\(self.url.host) port \(self.url.port)"
    if self.url.isLoopback { return "see that something listens on \(host)" }
    return "allow connections to \(host): network policy, security group, routes, NAT or a VPC "
      + "endpoint; or set HTTPS_PROXY if the way out is a proxy"
  }

  private func words(for failure: TLSFailure) -> String {
    switch failure {
    case .engine(.certificateRejected(let rejection)): self.words(for: rejection)
    case .engine(.notTLS(.http)):
      "the port speaks plain http: use http:// in the endpoint, or the port that speaks TLS"
    case .engine(.notTLS(.unknown)): "see that the port is the one that speaks TLS, mostly 443"
    case .engine(.nothingInCommon):
      "the other side takes neither TLS 1.2 nor 1.3 with today's ciphers: AWS does, so something "
        + "else answers"
    default:
      "something between here and \(self.url.host) breaks the handshake: a firewall, or a proxy that "
        + "reads TLS"
    }
  }

  private func words(for rejection: CertificateRejection) -> String {
    if rejection.isOutOfDate {
      return "set this machine's clock; if it is right, the host must renew its certificate"
    }
    if rejection.isNameMismatch {
      return
        "name the endpoint by a name of its certificate; if it is AWS's own name, a proxy on the "
        + "way answers in its place"
    }
    return
      "give the authority that signed it with --upstream-ca-bundle FILE (PEM) or AWS_CA_BUNDLE: "
      + "a proxy that reads TLS, or a private endpoint; for AWS itself the image needs the package "
      + "ca-certificates"
  }
}
