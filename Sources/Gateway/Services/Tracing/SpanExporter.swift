// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import JobsAPI
import Logging
import NIOCore
import Synchronization
import Telemetry
import Upstream

/// Sends spans to a collector, a batch at a time, beside the calls and never in their way.
///
/// One batch is under way at a time; what ends meanwhile waits in the queue, which is bounded. What a
/// collector may take later is tried again a few times, what it refuses is dropped; both are counted.
/// Source: OTLP specification 1.x, "OTLP/HTTP Request", "Failures", "Retryable Response Codes".
final class SpanExporter: Sendable {
  /// Attempts to send one batch.
  private static let mostAttempts = 5
  /// What a collector may ask for at most.
  private static let longestPause: Duration = .seconds(60)
  /// What a drain may take, whatever is left of the grace.
  private static let longestDrain: Duration = .seconds(5)

  private struct State {
    var isDraining = false
    var sender: Task<Void, Never>?
    var pause: Task<Void, Never>?
    var timer: RepeatedTask?
  }

  private let plan: TracingPlan
  private let queue: SpanQueue
  private let fetcher: Fetcher
  private let encoding: TraceEncoding
  private let metrics: TracingMetrics
  private let trouble: TroubleLog
  private let state = Mutex(State())
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  init(
    _ plan: TracingPlan, _ queue: SpanQueue, _ fetcher: Fetcher, _ encoding: TraceEncoding,
    metrics: TracingMetrics, logger: Logger
  ) {
    self.plan = plan
    self.queue = queue
    self.fetcher = fetcher
    self.encoding = encoding
    self.metrics = metrics
    self.trouble = TroubleLog(logger)
    // To be woken twice is to be woken once.
    (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func start() {
    let delay = TimeAmount.nanoseconds(self.plan.batchDelay.wholeMilliseconds * 1_000_000)
    let wake = self.wake
    self.queue.whenBatchIsFull { wake.yield() }
    let timer = self.fetcher.loop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { _ in
      wake.yield()
    }
    let sender = Task {
      for await _ in self.wakes { await self.sendAll() }
    }
    self.state.withLock { state in
      state.timer = timer
      state.sender = sender
    }
  }

  /// Sends what waits, each batch once more and no oftener, and returns when that is done or the
  /// time is up. For when no call is left.
  func drain(until deadline: ContinuousClock.Instant) async {
    let (sender, pause, timer) = self.state.withLock { state in
      state.isDraining = true
      return (state.sender, state.pause, state.timer)
    }
    timer?.cancel()
    pause?.cancel()
    self.queue.whenBatchIsFull(nil)
    self.wake.yield()
    self.wake.finish()
    let rest = max(.seconds(1), ContinuousClock.now.duration(to: deadline))
    let limit = Task {
      try? await Task.sleep(for: min(rest, Self.longestDrain))
      if !Task.isCancelled { sender?.cancel() }
    }
    await sender?.value
    limit.cancel()
    self.metrics.dropped(self.queue.takeAll().count, .unreachable)
  }
}

// MARK: - Sending

extension SpanExporter {
  /// What became of a batch.
  private enum Outcome {
    case taken
    /// It will never be taken.
    case refused(String)
    /// It may be taken later, if not before this time.
    case failed(String, retryAfter: Duration?)
  }

  private func sendAll() async {
    while !Task.isCancelled {
      let batch = self.queue.takeBatch()
      guard !batch.isEmpty else { return }
      await self.send(batch)
    }
  }

  private func send(_ batch: [EndedSpan]) async {
    let body = self.encoding.request(batch)
    var backoff = DiscoveryBackoff()
    var random = SystemRandomNumberGenerator()
    for attempt in 1...Self.mostAttempts {
      switch await self.post(body) {
      case .taken:
        return self.metrics.exported(batch.count)
      case .refused(let why):
        self.metrics.dropped(batch.count, .rejected)
        return self.trouble.tracesLost(to: self.plan.endpoint.text, why)
      case .failed(let why, let retryAfter):
        let pause = retryAfter ?? backoff.next(using: &random)
        if attempt < Self.mostAttempts, await self.pause(for: pause) { continue }
        self.metrics.dropped(batch.count, .unreachable)
        return self.trouble.tracesLost(to: self.plan.endpoint.text, why)
      }
    }
  }

  private func post(_ body: [UInt8]) async -> Outcome {
    var request = FetchRequest(
      .post, self.plan.endpoint, target: self.plan.target, body: body,
      contentType: "application/x-protobuf")
    for header in self.plan.headers { request.add(header.name, header.value) }
    do throws(FetchFailure) {
      let response = try await self.fetcher.fetch(
        request, limits: FetchLimits(total: self.plan.timeout))
      switch response.head.status {
      case 200..<300: return .taken
      case 429, 502, 503, 504:
        let seconds = response.head.retryAfter.flatMap { Int64($0) }
        return .failed(
          "status \(response.head.status)",
          retryAfter: seconds.map { min(.seconds(max(0, $0)), Self.longestPause) })
      default: return .refused("status \(response.head.status)")
      }
    } catch {
      return .failed(error.words, retryAfter: nil)
    }
  }

  /// False if the wait is not worth its while: the process is about to end.
  private func pause(for duration: Duration) async -> Bool {
    let pause = Task { _ = try? await Task.sleep(for: duration) }
    let isDraining = self.state.withLock { state in
      state.pause = pause
      return state.isDraining
    }
    if isDraining { pause.cancel() }
    await pause.value
    return self.state.withLock { state in
      state.pause = nil
      return !state.isDraining
    }
  }
}
