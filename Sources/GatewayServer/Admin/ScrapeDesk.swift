// SPDX-License-Identifier: Apache-2.0

import CompressionEngine
import NIOCore
package import NIOPosix
import Synchronization
package import Telemetry

/// Writes scrapes, off the event loops, which have calls to see to.
package final class ScrapeDesk: Sendable {
  private let registry: MetricsRegistry
  /// Nil to write in the loop that asks.
  private let threads: NIOThreadPool?
  private let durations: Histogram
  private let limit: Int
  private let underWay = Atomic<Int>(0)

  /// - Parameters:
  ///   - limit: Scrapes at a time, from the request to the last byte that the socket has taken: each
  ///     is some hundred kilobytes. Prometheus makes one, and a pair of them two.
  package init(_ registry: MetricsRegistry, threads: NIOThreadPool?, limit: Int = 16) {
    self.registry = registry
    self.threads = threads
    self.limit = limit
    self.durations =
      registry.family(
        Histogram.self, "iot_jobs_gateway_scrape_duration_seconds",
        help: "Time to write one answer for /metrics; not the one that shows it."
      ).child()
  }

  /// Takes one of the places, which the caller gives back; false if there is none.
  func begin() -> Bool {
    guard self.underWay.wrappingAdd(1, ordering: .relaxed).newValue > self.limit else {
      return true
    }
    self.end()
    return false
  }

  /// Gives a place back.
  func end() {
    self.underWay.wrappingSubtract(1, ordering: .relaxed)
  }

  /// One scrape. Fails when the threads are gone, which is at the end of the process.
  func write(_ form: ScrapeForm, for loop: any EventLoop) -> EventLoopFuture<[UInt8]> {
    guard let threads = self.threads else {
      return loop.makeCompletedFuture { try self.write(form) }
    }
    return threads.runIfActive(eventLoop: loop) { try self.write(form) }
  }

  private func write(_ form: ScrapeForm) throws(CompressionError) -> [UInt8] {
    let start = ContinuousClock.now
    var bytes = self.registry.exposition(form.format)
    if form.isCompressed {
      var compressed: [UInt8] = []
      try Gzip.deflate(bytes.span, into: &compressed)
      bytes = compressed
    }
    self.durations.record(start.duration(to: .now))
    return bytes
  }
}
