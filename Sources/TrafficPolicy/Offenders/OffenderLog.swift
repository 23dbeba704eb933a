// SPDX-License-Identifier: Apache-2.0

package import Logging
package import NIOCore
import Telemetry

/// Where the offenders are told of, and the loop whose timer says when.
package struct OffenderLog: Sendable {
  private let logger: Logger
  private let loop: any EventLoop
  private let listed: Int

  /// - Parameters:
  ///   - listed: Names in a line. Five of the longest names fit into what the log gives a value.
  package init(_ logger: Logger, on loop: any EventLoop, listed: Int = 5) {
    self.logger = logger
    self.loop = loop
    self.listed = listed
  }

  func arm(milliseconds: Int64, _ fire: @escaping @Sendable () -> Void) {
    self.loop.scheduleTask(in: .milliseconds(milliseconds), fire)
  }

  /// - Parameter thingLimit: whether the limit for each thing is kept: in shadow its refusals are
  ///   counted too, though nobody met them. Those of the account's budgets were met.
  func write(_ ranked: [Offender], total: Int, thingLimit: LimitMode) {
    // A thing's name holds no `=`.
    let things = ranked.prefix(self.listed).map {
      Logger.MetadataValue.string("\($0.thing)=\($0.refusals)")
    }
    self.logger.notice(
      "things refused most",
      metadata: [
        LogKey.things: .array(things), LogKey.refused: "\(total)",
        LogKey.thingLimit: "\(thingLimit)",
      ])
  }
}
