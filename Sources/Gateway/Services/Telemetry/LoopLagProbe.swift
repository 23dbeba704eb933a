// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Telemetry

/// Measures how late the event loops are: a timer that fires late waited for others' work, as calls
/// and their answers do.
struct LoopLagProbe {
  /// Between two looks at a loop. A stall is caught if it lasts that long, and one of a tenth of it
  /// every tenth time; ten microseconds of work four times a second are nothing to an idle process.
  static let interval = TimeAmount.milliseconds(250)

  /// Looks at each loop of the group from now on, until it ends.
  static func start(on group: any EventLoopGroup, registry: MetricsRegistry) {
    let lags = registry.family(
      Histogram.self, "iot_jobs_gateway_event_loop_lag_seconds",
      help: "How late timers of an event loop fire: how long its calls wait for each other.",
      labels: ["loop"])
    for (index, loop) in group.makeIterator().enumerated() {
      Self.look(at: loop, lags.child("\(index)"))
    }
  }

  private static func look(at loop: any EventLoop, _ lags: Histogram) {
    let due = loop.now + Self.interval
    loop.scheduleTask(deadline: due) {
      lags.record(Duration(loop.now - due))
      Self.look(at: loop, lags)
    }
  }
}
