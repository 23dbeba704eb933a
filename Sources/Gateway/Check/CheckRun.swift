// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import NIOCore
import NIOPosix
import Telemetry
import Transport
import Upstream

/// Walks the way to AWS with one configuration. What cannot be tried because an earlier step failed
/// is told as skipped.
struct CheckRun {
  let plan: UpstreamPlan
  let call: CheckedCall
  let loop: any EventLoop
  /// For what blocks; runs.
  let threads: NIOThreadPool
  let clock = WallClock.system

  /// - Parameter report: has no line yet.
  func run(into report: inout CheckReport) async {
    guard let tls = self.configuration(&report) else {
      return report.skipRest(because: "the configuration is not complete")
    }
    let credentials = RefreshingCredentials(
      self.plan, tls, on: self.loop, threads: self.threads)
    credentials.start()
    await self.run(into: &report, tls, credentials)
    await credentials.stop()
  }

  private func run(
    into report: inout CheckReport, _ tls: UpstreamTLS, _ credentials: RefreshingCredentials
  ) async {
    let status = await credentials.resolved()
    self.credentials(status, &report)
    let found = try? await credentials.credential()
    let signer = found == nil ? nil : status.held
    guard let endpoint = await self.endpoint(credentials, signedBy: signer, tls, &report)
    else { return report.skipRest(because: "the endpoint is not known") }
    await self.network(endpoint, tls, &report)
    guard !report.lines.contains(where: { $0.verdict == .failed && $0.step.isOnTheWay }) else {
      return report.skipRest(because: "the endpoint is not reached")
    }
    let repair = Repair(
      action: "iotjobsdata:DescribeJobExecution", endpoint: endpoint,
      credential: status.held?.words)
    await self.answer(from: endpoint, tls, found, repair, &report)
  }

  // MARK: The steps

  private func configuration(_ report: inout CheckReport) -> UpstreamTLS? {
    let tls: UpstreamTLS
    do throws(UpstreamTLS.Failure) {
      tls = try UpstreamTLS(self.plan)
    } catch {
      report.add(
        .failed(
          .configuration, "\(error)", repair: "name a PEM file with certificates, readable here"))
      return nil
    }
    let region = self.plan.aws.region.map { "region \($0.value.name), from \($0.origin)" }
    report.add(.ok(.configuration, region ?? "no region"))
    for warning in self.plan.warnings { report.add(warning.line(.configuration)) }
    return tls
  }

  private func credentials(_ status: CredentialStatus, _ report: inout CheckReport) {
    let plan = CredentialPlan(self.plan.aws)
    report.add(
      CredentialCheck.line(status, now: self.clock.epochSeconds, asked: plan.chosen))
    let hidden = plan.hidden.map(\.name).joined(separator: ", ")
    if !hidden.isEmpty, let held = status.held {
      report.add(
        .warning(
          .credentials, "also configured, and not used: \(hidden)",
          repair: "if those are meant, "
            + (held.kind == .environment
              ? "unset \(held.origin)" : "take \(held.kind.name) out of the settings")))
    }
  }

  private func endpoint(
    _ credentials: RefreshingCredentials, signedBy held: CredentialStatus.Held?,
    _ tls: UpstreamTLS, _ report: inout CheckReport
  ) async -> ServiceEndpoint? {
    switch self.plan.target {
    case .known(let endpoint):
      report.add(.ok(.endpoint, "\(endpoint.url.text), from \(endpoint.origin)"))
      return endpoint
    case .discovered(let control):
      guard let held else {
        report.add(
          .skipped(.endpoint, "no credentials to ask iot:DescribeEndpoint with"))
        return nil
      }
      do throws(DiscoveryFailure) {
        let endpoint = try await self.plan.discovery(
          at: control, tls, credentials: credentials, on: self.loop
        ).endpoint()
        report.add(
          .ok(
            .endpoint,
            "\(endpoint.url.text), from \(endpoint.origin) at \(control.url.hostHeader)"))
        for warning in UpstreamPlan.warnings(endpoint) { report.add(warning.line(.endpoint)) }
        return endpoint
      } catch {
        report.add(
          .failed(
            .endpoint, "iot:DescribeEndpoint at \(control.url.hostHeader): \(error.words)",
            repair: error.repair(
              at: control, self.plan.proxy(for: control.url), credential: held.words)))
        return nil
      }
    }
  }

  private func network(
    _ endpoint: ServiceEndpoint, _ tls: UpstreamTLS, _ report: inout CheckReport
  ) async {
    var security = tls.security(for: endpoint.url)
    security?.handshakeTimeout = self.plan.limits.handshakeTimeout
    let probe = NetworkProbe(
      url: endpoint.url, proxy: self.plan.proxy(for: endpoint.url), security: security,
      verifies: !self.plan.skipsVerification, timeout: self.plan.limits.connectTimeout,
      loop: self.loop)
    let dns = probe.dns()
    report.add(dns)
    guard dns.verdict != .failed else { return }
    let tcp = await probe.tcp()
    report.add(tcp)
    guard tcp.verdict != .failed else { return }
    report.add(await probe.tls(now: self.clock.epochSeconds))
  }

  /// One request tells of the clock and of the call. Without credentials it is a bare look at the
  /// root, for the clock alone.
  private func answer(
    from endpoint: ServiceEndpoint, _ tls: UpstreamTLS, _ credential: Credential?,
    _ repair: Repair, _ report: inout CheckReport
  ) async {
    let time = SigningTime(epochSeconds: self.clock.epochSeconds)
    let signed = credential.map { credential in
      try? self.call.request(to: endpoint, with: credential, at: time)
    }
    let request = (signed ?? nil) ?? FetchRequest(.get, endpoint.url, target: "/")
    let fetcher = Fetcher(
      on: self.loop, tls: tls.upstream, proxies: self.plan.proxies,
      userAgent: UpstreamPlan.userAgent)
    do throws(FetchFailure) {
      let response = try await fetcher.fetch(request)
      report.add(ClockCheck.line(date: response.head.date, now: self.clock.epochSeconds))
      switch signed {
      case nil: report.add(.skipped(.call, "no credentials to sign with"))
      case .some(nil): report.add(CredentialCheck.unsignable)
      case .some(.some): report.add(self.call.line(response, repair))
      }
    } catch {
      report.add(.skipped(.clock, "no answer to compare with"))
      report.add(
        .failed(
          .call, error.words,
          repair: "see that \(endpoint.url.hostHeader) is what it should be: it takes connections "
            + "and does not answer"))
    }
  }
}

extension CheckStep {
  /// Without it there is nobody to ask.
  fileprivate var isOnTheWay: Bool {
    switch self {
    case .dns, .tcp, .tls: true
    case .configuration, .credentials, .endpoint, .clock, .call: false
    }
  }
}

extension UpstreamPlan.Warning {
  func line(_ step: CheckStep) -> CheckLine {
    let details = self.details.sorted { $0.key < $1.key }.map { key, value in
      key == LogKey.reason ? value : "\(key) \(value)"
    }
    return .warning(
      step, "\(self.message) (\(details.joined(separator: ", ")))", repair: self.repair)
  }
}
