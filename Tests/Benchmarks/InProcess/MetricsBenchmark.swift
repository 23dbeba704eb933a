// SPDX-License-Identifier: Apache-2.0

import Telemetry

/// What it costs to count, and to write a scrape when nearly everything that can happen has.
enum MetricsBenchmark {
  private static let records = 1_000_000
  private static let scrapes = 200

  static func run() {
    self.record()
    self.scrape()
  }

  private static func record() {
    let counter = Counter()
    self.show("counter", Figures.nanoseconds { for _ in 0..<self.records { counter.increment() } })
    let table = self.table("t_total", sizes: [9, 17])
    self.show(
      "table of counters",
      Figures.nanoseconds { for index in 0..<self.records { table.increment(index % 9, 16) } })
    let histogram = Histogram()
    self.show(
      "histogram",
      Figures.nanoseconds {
        for index in 0..<self.records { histogram.record(.microseconds(index % 100_000)) }
      })
    let trace = TraceID(high: 1, low: 2)
    self.show(
      "histogram, traced",
      Figures.nanoseconds {
        for index in 0..<self.records {
          histogram.record(.microseconds(index % 100_000), trace: trace)
        }
      })
  }

  private static func show(_ name: String, _ nanoseconds: Double) {
    Figures.show("metrics, \(name)", (nanoseconds / Double(self.records), "ns a record"))
  }

  private static func scrape() {
    let registry = self.fullRegistry()
    for format in ExpositionFormat.allCases {
      var bytes: [UInt8] = []
      let nanoseconds = Figures.nanoseconds {
        for _ in 0..<self.scrapes { bytes = registry.exposition(format) }
      }
      let lines = bytes.count { $0 == UInt8(ascii: "\n") }
      Figures.show(
        "metrics, scrape as \(format)", (nanoseconds / Double(self.scrapes) / 1e6, "ms"),
        (Double(lines), "lines"), (Double(bytes.count) / 1_000, "kB"))
    }
  }

  /// As many series as a gateway with eight loops can have: each method with each code, all that the
  /// table of upstream's errors tells apart, and a histogram for each stage, operation and loop.
  private static func fullRegistry() -> MetricsRegistry {
    let registry = MetricsRegistry()
    let requests = self.table("iot_jobs_gateway_requests_total", sizes: [9, 17])
    let upstream = self.table("iot_jobs_gateway_upstream_requests_total", sizes: [4, 10, 13])
    registry.register(requests)
    registry.register(upstream)
    for index in 0..<9 * 17 { requests.increment(index / 17, index % 17) }
    for index in 0..<4 * 10 * 13 { upstream.increment(index / 130, index / 13 % 10, index % 13) }
    let durations = registry.family(
      Histogram.self, "iot_jobs_gateway_stage_duration_seconds", help: "Stages.",
      labels: ["stage"])
    for index in 0..<40 {
      let histogram = durations.child("stage_\(index)")
      for exponent in 0..<18 {
        histogram.record(
          .microseconds(60 << exponent), trace: TraceID(high: 1, low: UInt64(exponent)))
      }
    }
    for index in 0..<40 {
      registry.family(Counter.self, "iot_jobs_gateway_other_\(index)_total", help: "Others.")
        .child().increment(by: UInt64(index))
    }
    registry.register(ProcessMetrics())
    return registry
  }

  private static func table(_ name: String, sizes: [Int]) -> CounterTable {
    CounterTable(
      name, help: "Counts.",
      axes: sizes.enumerated().map { axis, size in
        LabelAxis("label_\(axis)", (0..<size).map { "SomeValueOfALabel\($0)" })
      })
  }
}
