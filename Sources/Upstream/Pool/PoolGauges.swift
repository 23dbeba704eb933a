// SPDX-License-Identifier: Apache-2.0

package import Telemetry

/// How full one loop's pool is, readable from any thread.
package final class PoolGauges: Sendable {
  /// Connections with an exchange on.
  package let active = Gauge()
  package let idle = Gauge()
  package let connecting = Gauge()
  /// Calls that wait for a connection.
  package let waiting = Gauge()

  package init() {}
}
