// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import GatewayServer
import JobWatching
import JobsAPI
import Logging
import NIOCore
import NIOPosix
import OperatorServer
import StandardServices
import Telemetry
import TrafficPolicy
import Transport
import Upstream

/// The gateway as it runs: listeners in front, the pools to AWS behind.
struct GatewayServices: Drainable {
  private let listeners: GatewayListeners
  private let readiness: Readiness
  private let policy: TrafficPolicy
  private let watches: JobWatches?
  private let credentials: RefreshingCredentials
  /// For what blocks, off the event loops.
  private let threads: NIOThreadPool
  private let upstream: UpstreamLink
  private let watch: FileWatch
  private let accounts: CallAccounts

  /// - Parameter hangups: by which somebody asks for a look at changed files; nil if nobody can.
  static func start(
    _ configuration: ServeConfiguration, _ levels: LogLevels, logger: Logger,
    on group: MultiThreadedEventLoopGroup, hangups: Hangups? = nil
  ) async throws -> GatewayServices {
    // Sources of credentials are asked one after another, and may take their time; beside them files
    // that change are read, and scrapes written.
    let threads = NIOThreadPool(numberOfThreads: 3)
    threads.start()
    do {
      return try await Self.start(
        configuration, levels, logger: logger, on: group, threads, hangups)
    } catch {
      try? await threads.shutdownGracefully()
      throw error
    }
  }

  /// Builds from the inside out and binds last: what is listened on can be answered.
  private static func start(
    _ configuration: ServeConfiguration, _ levels: LogLevels, logger: Logger,
    on group: MultiThreadedEventLoopGroup, _ threads: NIOThreadPool, _ hangups: Hangups?
  ) async throws -> GatewayServices {
    let registry = MetricsRegistry()
    let readiness = Readiness()
    ProcessFigures.register(in: registry, loops: group)

    for warning in configuration.upstream.warnings { warning.log(to: logger) }
    let tls = try UpstreamTLS(configuration.upstream)
    let credentials = RefreshingCredentials(
      configuration.upstream, tls, on: group.any(), threads: threads, log: CredentialLog(logger))
    Self.start(credentials, in: registry, thenTell: readiness)
    let policy = TrafficPolicy(configuration.policy, on: group, registry: registry, logger: logger)
    logger.notice("limits in force", metadata: configuration.policy.logMetadata)

    let stages = StageDurations(registry: registry)
    let upstream = try await UpstreamLink.start(
      configuration.upstream,
      in: UpstreamLink.Surroundings(
        group: group, policy: policy, tls: tls, credentials: credentials, registry: registry,
        stages: stages, readiness: readiness, logger: logger))

    var watched = WatchList(registry: registry, logger: logger)
    let listenerTLS = try ListenerTLS.load(
      configuration.listening.tls, watched: &watched, registry: registry, logger: logger)
    listenerTLS?.renewTickets(on: group.any(), threads: threads)
    let access = try AccessFiles.accessControl(
      configuration.access, watched: &watched, registry: registry, logger: logger)

    let accounts = try CallAccounts.start(
      configuration, stages, registry: registry, logger: logger, on: group.any())
    let settings = try LiveSettings.start(
      configuration, over: LiveSettings.Parts(policy: policy, levels: levels, calls: accounts.log),
      watched: &watched, registry: registry, logger: logger)
    let watches = Self.watches(configuration, upstream, policy, on: group.any(), registry)
    let surroundings = CallerServers.Surroundings(
      group: group, access: access,
      standard: try Self.standard(configuration, readiness, upstream, watches),
      reporting: accounts.reporting, registry: registry, logger: logger)
    let servers = try CallerServers.load(configuration, in: surroundings, watched: &watched) {
      loop in Self.backend(upstream.backend(on: loop), watches)
    }

    let desk = OperatorDesk({ settings.effective }, readiness, policy, upstream, levels)
    let listeners = try await GatewayListeners.bind(
      configuration, servers, listenerTLS, desk, on: group, registry: registry,
      scrapes: ScrapeDesk(registry, threads: threads), readiness: readiness, logger: logger)
    let watch = FileWatch.start(
      watched, every: configuration.reloadInterval, on: group.any(), threads: threads,
      hangups: hangups)
    // Ready before it is said, so that whoever waits for the lines finds it so.
    readiness.met(.listenersBound)
    listeners.log(to: logger)
    return GatewayServices(
      listeners: listeners, readiness: readiness, policy: policy, watches: watches,
      credentials: credentials, threads: threads, upstream: upstream, watch: watch,
      accounts: accounts)
  }

  /// Health, and what else is offered besides the operations.
  private static func standard(
    _ configuration: ServeConfiguration, _ readiness: Readiness, _ upstream: UpstreamLink,
    _ watches: JobWatches?
  ) throws -> StandardMethods {
    StandardMethods(
      health: HealthStatuses(readiness),
      descriptors: configuration.offersReflection ? try DescriptorIndex.embedded() : nil,
      presigner: configuration.offersPresigning ? upstream : nil, watches: watches)
  }

  /// Polls in one loop, by the policies that all calls go by.
  private static func watches(
    _ configuration: ServeConfiguration, _ upstream: UpstreamLink, _ policy: TrafficPolicy,
    on loop: any EventLoop, _ registry: MetricsRegistry
  ) -> JobWatches? {
    upstream.backend(on: loop).map { backend in
      JobWatches(configuration.watching, over: backend, on: loop, registry: registry) {
        policy.readsPerSecond
      }
    }
  }

  /// What callers' calls go through, so that watchers see their writes.
  private static func backend(
    _ backend: (some JobsBackend)?, _ watches: JobWatches?
  ) -> (any JobsBackend)? {
    guard let backend, let watches else { return backend }
    return WatchedJobs(backend, watches: watches)
  }

  /// Looks for credentials in the background; to have none is known sooner or later too.
  private static func start(
    _ credentials: RefreshingCredentials, in registry: MetricsRegistry,
    thenTell readiness: Readiness
  ) {
    credentials.register(in: registry)
    credentials.start()
    Task {
      _ = await credentials.resolved()
      readiness.met(.credentialsResolved)
    }
  }

  func becomesReady() async { await self.readiness.becomesReady() }
  var unmetConditions: [String] { self.readiness.reasons }

  func withdraw() { self.readiness.drainBegan() }

  /// Callers first, then the connections that served them; probes and scrapes see it to the end.
  func drain(grace: TimeAmount) async {
    let deadline = ContinuousClock.now.advanced(by: .nanoseconds(grace.nanoseconds))
    await self.listeners.drainCallers(grace: grace)
    // Polls and a refresh in the background have no caller, and must not outlast the grace.
    self.watches?.stop()
    self.policy.stop()
    await self.upstream.drain()
    await self.accounts.stop(until: deadline)
    await self.credentials.stop()
    await self.watch.stop()
    await self.listeners.drainRest(grace: .seconds(1))
    // After the last scrape, which they write.
    try? await self.threads.shutdownGracefully()
  }
}
