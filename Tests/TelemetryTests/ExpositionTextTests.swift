// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Telemetry

@Suite struct ExpositionTextTests {
  private func text(_ registry: MetricsRegistry) -> String {
    String(decoding: registry.exposition(), as: UTF8.self)
  }

  @Test func `a counter shows help, type and one line for each label set, sorted`() {
    let registry = MetricsRegistry()
    let family = registry.family(
      Counter.self, "calls_total", help: "Calls.", labels: ["method", "code"])
    family.child("b", "OK").increment(by: 2)
    family.child("a", "OK").increment()
    family.child("a", "OK").increment()
    #expect(
      self.text(registry) == """
        # HELP calls_total Calls.
        # TYPE calls_total counter
        calls_total{method="a",code="OK"} 2
        calls_total{method="b",code="OK"} 2

        """)
  }

  @Test func `label values and help are escaped`() {
    let registry = MetricsRegistry()
    registry.family(Gauge.self, "g", help: "back\\slash\nline \"q\"", labels: ["l"])
      .child("a\"b\\c\nd").set(-3)
    #expect(
      self.text(registry) == #"""
        # HELP g back\\slash\nline "q"
        # TYPE g gauge
        g{l="a\"b\\c\nd"} -3

        """#)
  }

  @Test func `histogram buckets are cumulative and end with the count`() {
    let registry = MetricsRegistry()
    let histogram = registry.family(Histogram.self, "d", help: "D.").child()
    histogram.record(.microseconds(500))
    histogram.record(.nanoseconds(500_001))
    histogram.record(.seconds(31))
    let lines = self.text(registry).split(separator: "\n")
    #expect(lines[2] == #"d_bucket{le="0.0005"} 1"#)
    #expect(lines[3] == #"d_bucket{le="0.001"} 2"#)
    #expect(lines[16] == #"d_bucket{le="30"} 2"#)
    #expect(lines[17] == #"d_bucket{le="+Inf"} 3"#)
    #expect(lines[18] == "d_sum 31.001000001")
    #expect(lines[19] == "d_count 3")
  }

  @Test func `a duration from a clock that stepped back counts as none`() {
    let histogram = Histogram()
    histogram.record(.seconds(-5))
    #expect(histogram.snapshot().counts[0] == 1)
    #expect(histogram.snapshot().sumNanoseconds == 0)
  }

  @Test func `past its limit a family counts newcomers under other`() {
    let family = MetricFamily<Counter>(name: "c", help: "", labelNames: ["l"], childLimit: 2)
    family.child("a").increment()
    family.child("b").increment()
    family.child("c").increment()
    family.child("d").increment()
    #expect(family.child("a").value == 1)
    #expect(family.child("other").value == 2)
  }

  @Test(arguments: [
    (0, "0"), (1, "0.000000001"), (1_500_000, "0.0015"), (2_000_000_000, "2"),
    (2_100_000_000, "2.1"),
  ])
  func `seconds are exact decimals`(nanoseconds: UInt64, expected: String) {
    #expect(ExpositionText.seconds(nanoseconds: nanoseconds) == expected)
  }

  @Test func `the process metrics read this process`() {
    var text = ExpositionText()
    ProcessMetrics().expose(into: &text)
    let lines = String(decoding: text.bytes, as: UTF8.self).split(separator: "\n")
    func value(_ name: String) -> Double? {
      lines.first { $0.hasPrefix(name + " ") }.flatMap { Double($0.split(separator: " ")[1]) }
    }
    #expect(value("process_resident_memory_bytes") ?? 0 > 1_000_000)
    #expect(value("process_threads") ?? 0 >= 1)
    #expect(value("process_open_fds") ?? 0 >= 3)
    #expect(value("process_start_time_seconds") ?? 0 > 1_600_000_000)
    #expect(value("process_cpu_seconds_total") != nil)
  }
}
