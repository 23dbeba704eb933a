// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import iot_jobs_gateway

@Suite struct RunningServiceTests {
  private enum Step: Equatable {
    case withdrawn
    case drained(grace: TimeAmount)
  }

  /// Serves nothing, and tells what it is asked for.
  private struct Told: Drainable {
    let steps: AsyncStream<Step>.Continuation

    func withdraw() { self.steps.yield(.withdrawn) }

    func drain(grace: TimeAmount) async {
      self.steps.yield(.drained(grace: grace))
      self.steps.finish()
    }
  }

  private let told: AsyncStream<Step>
  private let running: Told

  init() {
    let (told, steps) = AsyncStream.makeStream(of: Step.self)
    self.told = told
    self.running = Told(steps: steps)
  }

  private func service(delay: Duration) -> RunningService<Told> {
    RunningService(
      delay: delay, grace: .seconds(7), notifier: nil, logger: Logger(label: "test")
    ) { [running] in running }
  }

  @Test(arguments: [Duration.zero, .milliseconds(1)])
  func `it withdraws, waits, and drains`(delay: Duration) async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [self.service(delay: delay)], logger: Logger(label: "test")))
    async let ended: Void = group.run()
    await group.triggerGracefulShutdown()
    try await ended
    #expect(
      await self.told.reduce(into: []) { $0.append($1) } == [
        .withdrawn, .drained(grace: .seconds(7)),
      ])
  }

  @Test func `between the two it waits, unless it is cancelled`() async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [self.service(delay: .seconds(86_400))], logger: Logger(label: "test")))
    let ended = Task { try await group.run() }
    await group.triggerGracefulShutdown()
    var steps = self.told.makeAsyncIterator()
    #expect(await steps.next() == .withdrawn)
    ended.cancel()
    #expect(await steps.next() == .drained(grace: .seconds(7)))
    _ = await ended.result
  }
}
