// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import CryptoEngine
import Transport

/// How connections to AWS are secured: whom to trust, read once for the whole process, since reading
/// the system's authorities takes a tenth of a second.
struct UpstreamTLS: Sendable {
  /// Why there is no TLS: mostly a file that was named and is not there.
  struct Failure: Error {
    /// Who named the file; nil if it was the system's, or there is none.
    var origin: SettingOrigin?
    var error: TLSConfigurationError
  }

  /// For the jobs data plane and for whoever is asked where it is; nil if that is plain http.
  let upstream: TLSClientContext?
  /// For sources of credentials, which are verified whatever is said of the upstream: secrets come
  /// from there. Nil if none of them can need it.
  let credentials: TLSClientContext?

  /// Blocks while it reads; makes nothing that is not needed.
  init(_ plan: UpstreamPlan) throws(Failure) {
    let isForUpstream = plan.target.firstURL.isSecure
    let isForCredentials = plan.credentialsMayNeedTLS
    do throws(TLSConfigurationError) {
      let trusting = TLSVerification.required(trust: plan.trust)
      let strict =
        isForCredentials || isForUpstream && !plan.skipsVerification
        ? try Self.context(trusting) : nil
      self.credentials = strict
      self.upstream =
        switch (isForUpstream, plan.skipsVerification) {
        case (false, _): nil
        case (true, false): strict
        case (true, true): try Self.context(.insecureSkipVerification)
        }
    } catch {
      throw Failure(origin: plan.aws.caBundle?.origin, error: error)
    }
  }

  private static func context(
    _ verification: TLSVerification
  ) throws(TLSConfigurationError) -> TLSClientContext {
    var settings = TLSClientSettings()
    settings.verification = verification
    settings.applicationProtocols = ["http/1.1"]
    return try TLSClientContext(settings)
  }

  /// What a connection to a URL of the upstream needs; nil for plain http.
  func security(for url: HTTPURL) -> OutboundSecurity? {
    guard url.isSecure, let context = self.upstream, let name = TLSServerName(url.host) else {
      return nil
    }
    return OutboundSecurity(TLSEndpoint(name, context: context))
  }
}

extension UpstreamTLS.Failure: ExitStatus, CustomStringConvertible {
  /// EX_CONFIG.
  var exitCode: Int32 { 78 }

  var description: String {
    guard let origin = self.origin else { return self.error.words }
    return "\(origin): \(self.error.words)"
  }
}

extension UpstreamPlan {
  /// False only if credentials surely come without TLS, as far as is known at start.
  fileprivate var credentialsMayNeedTLS: Bool {
    guard case .configured(let source)? = CredentialPlan(self.aws).chosen?.finding else {
      return true
    }
    return switch source {
    case .environment, .sharedFile, .configFile, .process: false
    case .instanceMetadata(let settings): settings.endpoint.isSecure
    case .container(let plan): plan.url.isSecure
    case .assumeRole, .webIdentity: true
    }
  }
}
