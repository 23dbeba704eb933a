// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Telemetry
import UnixSignals

/// What every command does around its own work: read, complain, run, drain.
enum Startup {
  /// The layers of settings: flags, environment, and the file that one of the two names.
  static func reader(_ flags: FlagTable) throws -> SettingsReader {
    try self.check { () throws(ConfigurationError) in
      try SettingsReader.load(flags: flags.values, environment: Environment.variables)
    }
  }

  /// Runs what may find fault with the configuration; a fault ends the program with its status.
  static func check<Value>(
    _ body: () throws(ConfigurationError) -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch {
      throw self.refusal([error])
    }
  }

  /// More are not worth reading before the first ones are mended.
  private static let faultLimit = 100

  /// Says what is wrong with the configuration, each fault on a line.
  ///
  /// - Returns: The status of the first, to end the program with.
  static func refusal(_ faults: [ConfigurationError]) -> ExitCode {
    for fault in faults.prefix(self.faultLimit) { StandardError.write("error: \(fault)\n") }
    let rest = faults.count - self.faultLimit
    if rest > 0 { StandardError.write("error: and \(rest) more\n") }
    return faults.first.map { ExitCode($0.exitCode) } ?? ExitCode.failure
  }

  /// What `serve` is told, or the end of the program with all that is wrong with it.
  static func serveConfiguration(_ reader: SettingsReader) throws -> ServeConfiguration {
    do throws(ConfigurationError) {
      return try ServeConfiguration(reader)
    } catch {
      let faults = ServeConfiguration.faults(reader)
      throw self.refusal(faults.isEmpty ? [error] : faults)
    }
  }

  static func warnOfUnknownVariables(
    _ reader: SettingsReader, known: Set<String>, _ logger: Logger
  ) {
    for variable in reader.unknownVariables(known: known) {
      var metadata: Logger.Metadata = [LogKey.key: "\(variable)"]
      if let meant = SettingsReader.suggestion(for: variable, known: known) {
        metadata[LogKey.repair] = "did you mean \(meant)?"
      }
      logger.warning("unknown environment variable", metadata: metadata)
    }
  }

  /// Starts services, waits for SIGTERM or SIGINT, drains, and returns for exit status 0.
  ///
  /// A second signal ends the process at once.
  ///
  /// - Parameter notifier: is told when the process is ready, and when it ends.
  static func run<Running: Drainable>(
    _ configuration: ProcessConfiguration, _ logger: Logger, notifier: ServiceNotifier? = nil,
    start: @escaping @Sendable (MultiThreadedEventLoopGroup) async throws -> Running
  ) async throws {
    do throws(DescriptorShortage) {
      try DescriptorAllowance.expectEnough(threads: configuration.threads)
    } catch {
      throw Self.failure(error, logger)
    }
    let loops = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
    // Trapped before the first listener is bound, so that no signal finds the default action.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let running = RunningService(
      delay: configuration.drainDelay, grace: TimeAmount(configuration.drainGrace),
      notifier: notifier, logger: logger
    ) { try await start(loops) }
    let services = Self.services(running, notifier, on: loops, logger)
    let watcher = Task { await Self.watch(signals, services, logger) }
    do {
      try await services.run()
    } catch {
      let failure = Self.failure(error, logger)
      try await loops.shutdownGracefully()
      throw failure
    }
    watcher.cancel()
    try await loops.shutdownGracefully()
    logger.notice("stopped")
  }

  /// Services end in the reverse of this order, each before the next is asked to.
  private static func services(
    _ running: some Service, _ notifier: ServiceNotifier?,
    on loops: MultiThreadedEventLoopGroup, _ logger: Logger
  ) -> ServiceGroup {
    var services: [any Service] = []
    if let notifier, let interval = notifier.watchdogInterval {
      services.append(WatchdogService(notifier: notifier, interval: interval, group: loops))
    }
    services.append(running)
    // Signals are watched here: the group would not hear of a second one.
    return ServiceGroup(configuration: .init(services: services, logger: logger))
  }

  private static func watch(
    _ signals: UnixSignalsSequence, _ services: ServiceGroup, _ logger: Logger
  ) async {
    var isFirst = true
    for await signal in signals {
      // Whoever asks twice does not want to wait.
      guard isFirst else { Glibc._exit(130) }
      isFirst = false
      logger.notice("draining", metadata: [LogKey.signal: "\(signal)"])
      await services.triggerGracefulShutdown()
    }
  }

  private static func failure(_ error: any Error, _ logger: Logger) -> ExitCode {
    logger.critical("start failed", metadata: [LogKey.error: "\(error)"])
    return ExitCode((error as? any ExitStatus)?.exitCode ?? ExitCode.failure.rawValue)
  }
}
