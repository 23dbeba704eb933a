// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import NIOCore
import NIOPosix
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
      StandardError.write("error: \(error)\n")
      throw ExitCode(error.exitCode)
    }
  }

  static func warnOfUnknownVariables(
    _ reader: SettingsReader, known: Set<String>, _ logger: Logger
  ) {
    for variable in reader.unknownVariables(known: known) {
      logger.warning("unknown environment variable", metadata: [LogKey.key: "\(variable)"])
    }
  }

  /// Starts services, waits for SIGTERM or SIGINT, drains, and returns for exit status 0.
  ///
  /// A second signal ends the process at once.
  static func run<Running: Drainable>(
    _ configuration: ProcessConfiguration, _ logger: Logger,
    start: (MultiThreadedEventLoopGroup) async throws -> Running
  ) async throws {
    do throws(DescriptorShortage) {
      try DescriptorAllowance.expectEnough(threads: configuration.threads)
    } catch {
      throw Self.failure(error, logger)
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
    // Trapped before the first listener is bound, so that no signal finds the default action.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let running: Running
    do {
      running = try await start(group)
    } catch {
      let failure = Self.failure(error, logger)
      try await group.shutdownGracefully()
      throw failure
    }
    let (firstSignal, continuation) = AsyncStream.makeStream(of: UnixSignal.self)
    let watcher = Task {
      var isFirst = true
      for await signal in signals {
        // Whoever asks twice does not want to wait.
        guard isFirst else { Glibc._exit(130) }
        isFirst = false
        continuation.yield(signal)
        continuation.finish()
      }
    }
    for await signal in firstSignal {
      logger.notice("draining", metadata: [LogKey.signal: "\(signal)"])
    }
    await running.drain(grace: TimeAmount(configuration.drainGrace))
    watcher.cancel()
    try await group.shutdownGracefully()
    logger.notice("stopped")
  }

  private static func failure(_ error: any Error, _ logger: Logger) -> ExitCode {
    logger.critical("start failed", metadata: [LogKey.error: "\(error)"])
    return ExitCode((error as? any ExitStatus)?.exitCode ?? ExitCode.failure.rawValue)
  }
}

/// Something that runs until it is asked to finish.
protocol Drainable: Sendable {
  /// Accepts nothing new, finishes what runs, and returns; cuts off what `grace` does not suffice
  /// for.
  func drain(grace: TimeAmount) async
}
