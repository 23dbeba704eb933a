// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Telemetry

/// Something that runs until it is asked to finish.
protocol Drainable: Sendable {
  /// Returns once it serves, or when the task is cancelled.
  func becomesReady() async

  /// What keeps it from serving, in words; empty when it does.
  var unmetConditions: [String] { get }

  /// Says to whoever asks that it does not serve any more; calls that come all the same are taken.
  func withdraw()

  /// After ``withdraw()``: accepts nothing new, finishes what runs, and returns; cuts off what
  /// `grace` does not suffice for.
  func drain(grace: TimeAmount) async
}

extension Drainable {
  /// What is started serves.
  func becomesReady() async {}
  var unmetConditions: [String] { [] }
  /// Nobody asks.
  func withdraw() {}
}

/// Starts what a command is for, says when it is ready, and drains it when the process is to end.
struct RunningService<Running: Drainable>: Service {
  /// From ``Drainable/withdraw()`` to the drain.
  let delay: Duration
  let grace: TimeAmount
  let notifier: ServiceNotifier?
  let logger: Logger
  let start: @Sendable () async throws -> Running

  func run() async throws {
    let running = try await self.start()
    let announcing = Task { await self.announce(running) }
    // Cancelled only when another service fails, and then it is time to end as well.
    try? await gracefulShutdown()
    announcing.cancel()
    self.notifier?.stopping()
    running.withdraw()
    // What is cancelled does not wait either.
    try? await Task.sleep(for: self.delay)
    await running.drain(grace: self.grace)
  }

  private func announce(_ running: Running) async {
    let unmet = running.unmetConditions
    if !unmet.isEmpty { self.notifier?.status("waiting: \(unmet.joined(separator: "; "))") }
    await running.becomesReady()
    // What is asked to end before it is ready never was.
    guard !Task.isCancelled else { return }
    var metadata: Logger.Metadata = [:]
    if let age = ProcessAge.milliseconds { metadata[LogKey.startMilliseconds] = "\(age)" }
    self.logger.notice("ready", metadata: metadata)
    self.notifier?.ready()
  }
}

/// Tells the watchdog that the event loops turn, twice as often as it wants to hear: a loop that is
/// stuck keeps it silent, and the service manager does the rest.
struct WatchdogService: Service {
  let notifier: ServiceNotifier
  let interval: Duration
  let group: MultiThreadedEventLoopGroup

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        for loop in self.group.makeIterator() { try? await loop.submit {}.get() }
        self.notifier.alive()
        try? await Task.sleep(for: self.interval / 2)
      }
    }
  }
}
