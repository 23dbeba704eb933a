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

  let context: TLSClientContext?

  /// Blocks while it reads; makes nothing if all that is planned is plain http.
  init(_ plan: UpstreamPlan) throws(Failure) {
    guard plan.target.firstURL.isSecure else {
      self.context = nil
      return
    }
    var settings = TLSClientSettings()
    settings.verification = plan.verification
    settings.applicationProtocols = ["http/1.1"]
    do throws(TLSConfigurationError) {
      self.context = try TLSClientContext(settings)
    } catch {
      throw Failure(origin: plan.caBundleOrigin, error: error)
    }
  }

  /// What a connection to a URL needs; nil for plain http.
  func security(for url: HTTPURL) -> OutboundSecurity? {
    guard url.isSecure, let context = self.context, let name = TLSServerName(url.host) else {
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
