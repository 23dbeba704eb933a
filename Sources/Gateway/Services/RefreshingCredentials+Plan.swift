// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import NIOCore
import NIOPosix
import Upstream

extension RefreshingCredentials {
  /// The credentials that AWS's settings name.
  ///
  /// - Parameters:
  ///   - loop: where their sources are asked.
  ///   - threads: for sources that are files and programs; started, and stopped after these.
  convenience init(
    _ plan: UpstreamPlan, _ tls: UpstreamTLS, on loop: any EventLoop, threads: NIOThreadPool,
    log: CredentialLog? = nil
  ) {
    let fetcher = Fetcher(
      on: loop, tls: tls.credentials, proxies: plan.proxies, userAgent: UpstreamPlan.userAgent)
    self.init(
      CredentialChain(
        plan.aws, files: plan.sharedFiles, fetcher: fetcher, threads: threads), on: loop, log: log)
  }
}

extension UpstreamPlan {
  /// Asks an account's control plane where its endpoint is.
  func discovery(
    at control: ServiceEndpoint, _ tls: UpstreamTLS, credentials: RefreshingCredentials,
    on loop: any EventLoop
  ) -> EndpointDiscovery<RefreshingCredentials> {
    EndpointDiscovery(
      at: control,
      Fetcher(on: loop, tls: tls.upstream, proxies: self.proxies, userAgent: Self.userAgent),
      credentials: credentials,
      requiringFIPS: self.aws.usesFIPS.value ? self.aws.usesFIPS.origin : nil)
  }
}
