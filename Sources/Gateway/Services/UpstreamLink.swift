// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import GatewayServer
import JobsAPI
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
import TrafficPolicy
import Upstream

/// The gateway's side of AWS: the connections to the account's endpoint, once it is known, and the
/// search for it until then.
///
/// Each event loop has a door that calls go through. It is opened when the connections behind it are
/// there, and says why not until then; the search is nobody's call and runs beside them.
final class UpstreamLink: Sendable {
  typealias Credentials = RefreshingCredentials

  /// What the link is made of and shows itself in.
  struct Surroundings {
    var group: MultiThreadedEventLoopGroup
    var policy: TrafficPolicy
    var tls: UpstreamTLS
    var credentials: Credentials
    var registry: MetricsRegistry
    var stages: StageDurations
    var readiness: Readiness
    var logger: Logger
  }

  private enum State {
    case unconnected
    case searching(Task<Void, Never>)
    case connected(UpstreamFleet)
    case drained
  }

  private let plan: UpstreamPlan
  private let surroundings: Surroundings
  private let metrics: UpstreamMetrics
  private let poolMetrics: PoolMetrics
  private let doors: [ObjectIdentifier: LateJobs]
  private let loops: [any EventLoop]
  private let state = Mutex(State.unconnected)

  private init(_ plan: UpstreamPlan, _ surroundings: Surroundings) {
    self.plan = plan
    self.surroundings = surroundings
    let trouble = TroubleLog(surroundings.logger)
    self.metrics = UpstreamMetrics(
      registry: surroundings.registry, logger: surroundings.logger, trouble: trouble)
    self.poolMetrics = PoolMetrics(
      registry: surroundings.registry, stages: surroundings.stages
    ) { failure in
      trouble.connectFailed(failure)
    }
    self.loops = Array(surroundings.group.makeIterator())
    self.doors = Dictionary(
      uniqueKeysWithValues: self.loops.map { loop in
        (ObjectIdentifier(loop), LateJobs(on: loop, reason: "it is being looked up"))
      })
  }

  /// Connects to the endpoint that is configured, or begins to search for the account's own.
  static func start(
    _ plan: UpstreamPlan, in surroundings: Surroundings
  ) async throws -> UpstreamLink {
    let link = UpstreamLink(plan, surroundings)
    switch plan.target {
    case .known(let endpoint):
      try await link.connect(to: endpoint)
    case .discovered(let control):
      let search = Task { await link.search(at: control) }
      link.state.withLock { state in
        // It may have found the endpoint before it is noted here.
        if case .unconnected = state { state = .searching(search) }
      }
    }
    return link
  }

  /// Where the calls of a loop go in; nil for a loop of another group.
  func backend(on loop: any EventLoop) -> LateJobs? {
    self.doors[ObjectIdentifier(loop)]
  }

  /// Nil before the endpoint is known.
  private var fleet: UpstreamFleet? {
    self.state.withLock { state in
      guard case .connected(let fleet) = state else { return nil }
      return fleet
    }
  }

  /// What the pools hold; nothing before the endpoint is known.
  func snapshot() async -> [PoolSnapshot] { await self.fleet?.snapshot() ?? [] }

  /// Ends the search, or lets what runs finish, and closes the connections.
  func drain() async {
    let last = self.state.withLock { state in
      defer { state = .drained }
      return state
    }
    switch last {
    case .searching(let search): search.cancel()
    case .connected(let fleet): await fleet.drain()
    case .unconnected, .drained: break
    }
  }
}

extension UpstreamLink: CallPresigner {
  func presign(_ request: PresignRequest) async throws(JobsFailure) -> PresignedRequest {
    guard let fleet = self.fleet else {
      throw JobsFailure(.endpointUnknown("it is being looked up"))
    }
    return try await fleet.presigner.presign(request)
  }
}

// MARK: - Connecting

extension UpstreamLink {
  private func connect(to endpoint: ServiceEndpoint) async throws(SigningError) {
    let fleet = try UpstreamFleet(
      group: self.surroundings.group,
      self.plan.upstreamConfiguration(endpoint, threads: self.loops.count),
      credentials: self.surroundings.credentials, observer: self.metrics,
      security: self.surroundings.tls.security(for: endpoint.url),
      proxy: self.plan.proxy(for: endpoint.url), poolMetrics: self.poolMetrics)
    let isWanted = self.state.withLock { state in
      if case .drained = state { return false }
      state = .connected(fleet)
      return true
    }
    guard isWanted else { return }
    // Beside the calls, so that the first of them finds a connection.
    fleet.warm()
    UpstreamMetrics.register(fleet.gauges, in: self.surroundings.registry)
    for loop in self.loops {
      guard let door = self.backend(on: loop), let signed = fleet.backend(on: loop) else {
        continue
      }
      await door.set(self.surroundings.policy.layers(over: signed, on: loop))
    }
    self.tell(endpoint)
  }

  private func tell(_ endpoint: ServiceEndpoint) {
    let (url, origin) = (endpoint.url.text, "\(endpoint.origin)")
    self.surroundings.readiness.met(.endpointKnown, fact: "upstream \(url), from \(origin)")
    self.surroundings.logger.notice(
      "forwarding to",
      metadata: [
        LogKey.upstream: "\(url)", LogKey.origin: "\(origin)",
        LogKey.region: "\(endpoint.signingRegion)",
      ])
  }
}

// MARK: - Searching

extension UpstreamLink {
  /// Asks until there is an answer.
  private func search(at control: ServiceEndpoint) async {
    let discovery = self.plan.discovery(
      at: control, self.surroundings.tls, credentials: self.surroundings.credentials,
      on: self.surroundings.group.any())
    var backoff = DiscoveryBackoff()
    var random = SystemRandomNumberGenerator()
    self.surroundings.logger.notice(
      "looking up the upstream endpoint",
      metadata: [
        LogKey.upstream: "\(control.url.text)", LogKey.origin: "\(control.origin)",
        LogKey.region: "\(control.signingRegion)",
      ])
    while !Task.isCancelled {
      let wait = backoff.next(using: &random)
      do throws(DiscoveryFailure) {
        return try await self.found(try await discovery.endpoint())
      } catch {
        await self.explain(error, at: control, wait)
      }
      try? await Task.sleep(for: wait)
    }
  }

  private func found(_ endpoint: ServiceEndpoint) async throws(DiscoveryFailure) {
    for warning in UpstreamPlan.warnings(endpoint) { warning.log(to: self.surroundings.logger) }
    do throws(SigningError) {
      try await self.connect(to: endpoint)
    } catch {
      throw .unsignable
    }
  }

  private func explain(
    _ failure: DiscoveryFailure, at control: ServiceEndpoint, _ wait: Duration
  ) async {
    guard !Task.isCancelled else { return }
    let why = "iot:DescribeEndpoint at \(control.url.hostHeader): \(failure.words)"
    let repair = failure.repair(
      at: control, self.plan.proxy(for: control.url),
      credential: self.surroundings.credentials.status.held?.words)
    self.surroundings.readiness.explain(.endpointKnown, why)
    for door in self.doors.values { await door.explain(why) }
    self.surroundings.logger.warning(
      "upstream endpoint is not known",
      metadata: [
        LogKey.upstream: "\(control.url.text)", LogKey.reason: "\(failure.words)",
        LogKey.repair: "\(repair)",
        LogKey.retryAfter: "\(wait.settingText)",
      ])
  }
}
