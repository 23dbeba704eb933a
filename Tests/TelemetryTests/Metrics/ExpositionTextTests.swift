// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Telemetry

@Suite struct ExpositionTextTests {
  private let registry = MetricsRegistry()

  private func text(_ format: ExpositionFormat = .prometheus) -> String {
    String(decoding: self.registry.exposition(format), as: UTF8.self)
  }

  @Test func `a counter shows help, type and one line for each label set, sorted`() {
    let family = self.registry.family(
      Counter.self, "calls_total", help: "Calls.", labels: ["method", "code"])
    family.child("b", "OK").increment(by: 2)
    family.child("a", "OK").increment()
    family.child("a", "OK").increment()
    #expect(
      self.text() == """
        # HELP calls_total Calls.
        # TYPE calls_total counter
        calls_total{method="a",code="OK"} 2
        calls_total{method="b",code="OK"} 2

        """)
  }

  @Test func `OpenMetrics names a counter without its suffix, and says where it ends`() {
    self.registry.family(Counter.self, "busy_seconds_total", help: "Busy.").child().increment()
    #expect(
      self.text(.openMetrics) == """
        # HELP busy_seconds Busy.
        # TYPE busy_seconds counter
        # UNIT busy_seconds seconds
        busy_seconds_total 1
        # EOF

        """)
  }

  @Test func `an info is a gauge to the older form`() {
    self.registry.register(
      SampledInfo(name: "build_info", help: "Build.") { [.init(name: "version", value: "1.2")] })
    #expect(
      self.text() == """
        # HELP build_info Build.
        # TYPE build_info gauge
        build_info{version="1.2"} 1

        """)
    #expect(
      self.text(.openMetrics) == """
        # HELP build Build.
        # TYPE build info
        build_info{version="1.2"} 1
        # EOF

        """)
  }

  @Test func `label values and help are escaped`() {
    self.registry.family(Gauge.self, "g", help: "back\\slash\nline \"q\"", labels: ["l"])
      .child("a\"b\\c\nd").set(-3)
    #expect(
      self.text() == #"""
        # HELP g back\\slash\nline "q"
        # TYPE g gauge
        g{l="a\"b\\c\nd"} -3

        """#)
    // OpenMetrics escapes quotes in help too.
    #expect(self.text(.openMetrics).hasPrefix(#"# HELP g back\\slash\nline \"q\""# + "\n"))
  }

  @Test(arguments: ExpositionFormat.allCases)
  func `buckets are cumulative, end with the count, and are the same series in both forms`(
    format: ExpositionFormat
  ) {
    let histogram = self.registry.family(Histogram.self, "d_seconds", help: "D.").child()
    histogram.record(.microseconds(100))
    histogram.record(.nanoseconds(100_001))
    histogram.record(.seconds(1))
    histogram.record(.seconds(31))
    let lines = self.text(format).split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines[0] == #"d_seconds_bucket{le="0.0001"} 1"#)
    #expect(lines[1] == #"d_seconds_bucket{le="0.00025"} 2"#)
    #expect(lines[12] == #"d_seconds_bucket{le="1.0"} 3"#)
    #expect(lines[16] == #"d_seconds_bucket{le="30.0"} 3"#)
    #expect(lines[17] == #"d_seconds_bucket{le="+Inf"} 4"#)
    #expect(lines[18] == "d_seconds_sum 32.000200001")
    #expect(lines[19] == "d_seconds_count 4")
    #expect(lines.count == 20)
  }

  @Test func `a call that is traced stands as its bucket's exemplar, in OpenMetrics alone`() throws
  {
    let histogram = self.registry.family(
      Histogram.self, "d_seconds", help: "D.", labels: ["method"]
    ).child("m")
    let trace = TraceID(high: 0x0af7_6519_16cd_43dd, low: 0x8448_eb21_1c80_319c)
    histogram.record(.milliseconds(3), trace: trace)
    let line = try #require(
      self.text(.openMetrics).split(separator: "\n").first { $0.contains(" # ") })
    let start =
      ##"d_seconds_bucket{method="m",le="0.005"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.003 "##
    #expect(line.hasPrefix(start))
    #expect(Double(line.dropFirst(start.count)) ?? 0 > 1_600_000_000)
    #expect(!self.text().contains("trace_id"))
  }

  @Test func `the process metrics read this process`() {
    var families: [FamilySnapshot] = []
    ProcessMetrics().collect(into: &families)
    func value(_ name: String) -> Double? {
      guard let family = families.first(where: { $0.name == name }),
        case .number(let number) = family.samples.first?.value
      else { return nil }
      return number.approximation
    }
    #expect(value("process_resident_memory_bytes") ?? 0 > 1_000_000)
    #expect(value("process_threads") ?? 0 >= 1)
    #expect(value("process_open_fds") ?? 0 >= 3)
    #expect(value("process_max_fds") ?? .infinity >= value("process_open_fds") ?? 0)
    #expect(value("process_start_time_seconds") ?? 0 > 1_600_000_000)
    #expect(value("process_cpu_seconds_total") != nil)
  }
}
