// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import HTTP2Engine
import NIOCore
import Telemetry

/// What is shown of the process itself: how it was built, what it takes, how late it is.
enum ProcessFigures {
  static func register(in registry: MetricsRegistry, loops group: any EventLoopGroup) {
    registry.register(
      SampledInfo(
        name: "iot_jobs_gateway_build_info", help: "Always 1; the labels tell the build."
      ) {
        [
          MetricLabel(name: "version", value: Version.text),
          MetricLabel(name: "swift", value: Version.swift),
          MetricLabel(name: "nghttp2", value: HTTP2Library.version),
          MetricLabel(name: "openssl", value: CryptoLibrary.version),
        ]
      })
    registry.register(
      NamedCounter(
        LogSink.standardError.droppedLines, name: "iot_jobs_gateway_log_lines_dropped_total",
        help: "Log lines that standard error did not take at once."))
    LoopLagProbe.start(on: group, registry: registry)
    registry.register(ProcessMetrics())
  }
}
