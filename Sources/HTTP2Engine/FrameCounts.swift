// SPDX-License-Identifier: Apache-2.0

/// How many frames of each kind a peer sent. Numbers only grow, and wrap round in theory.
package struct FrameCounts: Equatable, Sendable {
  /// PING that is no acknowledgement.
  package var pings = 0
  /// Frames that neither open a call nor carry bytes of one: SETTINGS, PRIORITY, WINDOW_UPDATE, DATA
  /// without bytes or end, acknowledgements, and what no RFC defines.
  package var idleWork = 0
  /// All frames.
  package var total = 0

  package init() {}
}
