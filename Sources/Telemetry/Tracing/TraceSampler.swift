// SPDX-License-Identifier: Apache-2.0

/// Decides which traces are recorded: those whose caller records them, and of the calls that come
/// without a trace a part that is chosen by the trace's id.
///
/// Everybody who goes by the id's last 56 bits, as OpenTelemetry's consistent probability sampling
/// does, chooses the same traces.
package struct TraceSampler: Equatable, Sendable {
  private static let range: UInt64 = 1 << 56

  /// Ids whose last 56 bits are below it are left out.
  private let threshold: UInt64

  /// - Parameter ratio: of the traces that begin here, from 0 to 1.
  package init(ratio: Double) {
    let kept = Double(Self.range) * min(max(ratio.isNaN ? 0 : ratio, 0), 1)
    self.threshold = Self.range - UInt64(kept)
  }

  /// - Parameter parent: of the caller; its decision stands.
  package func samples(_ trace: TraceID, parent: TraceContext?) -> Bool {
    if let parent { return parent.isSampled }
    return trace.low % Self.range >= self.threshold
  }
}
