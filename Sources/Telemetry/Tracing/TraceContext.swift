// SPDX-License-Identifier: Apache-2.0

/// The name of a trace: 16 bytes, not all zero. Source: W3C Trace Context §3.2.2.3.
package struct TraceID: Equatable, Sendable {
  /// The bytes as two numbers, the first byte uppermost.
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

extension TraceID: CustomStringConvertible {
  /// The 32 digits that `traceparent` has of it.
  package var description: String { TraceContext.hex(self.high) + TraceContext.hex(self.low) }
}

/// Where in a trace somebody is: the trace, the span, and whether it is kept.
///
/// Source: W3C Trace Context §3.2, `traceparent`.
package struct TraceContext: Equatable, Sendable {
  /// Bits of `trace-flags`.
  private enum Flag {
    static let sampled: UInt8 = 1
    static let random: UInt8 = 2
  }

  package let traceID: TraceID
  /// Not zero.
  package let spanID: UInt64
  /// The trace is being recorded (bit 0), and its id is of random numbers (bit 1, Level 2 §3.2.2.5.2).
  /// What else a later version says there is not passed on.
  package let flags: UInt8

  package var isSampled: Bool { self.flags & Flag.sampled != 0 }

  package init(traceID: TraceID, spanID: UInt64, flags: UInt8) {
    self.traceID = traceID
    self.spanID = spanID
    self.flags = flags & (Flag.sampled | Flag.random)
  }

  /// The beginning of a trace whose id is all random numbers.
  init(root traceID: TraceID, spanID: UInt64) {
    self.init(traceID: traceID, spanID: spanID, flags: Flag.sampled | Flag.random)
  }

  /// A span of the same trace.
  func with(spanID: UInt64) -> TraceContext {
    TraceContext(traceID: self.traceID, spanID: spanID, flags: self.flags)
  }
}

// MARK: - traceparent

extension TraceContext {
  /// Reads a `traceparent` header; nil for what is none, which is as if it were not there (§3.2.2).
  /// Of later versions the part is read that this one has.
  package init?(traceparent text: String) {
    // Two digits of version, 32 of the trace, 16 of the span, two of flags, three dashes between.
    let bytes = text.utf8Span.span
    guard bytes.count >= 55, let version = Self.number(bytes, at: 0..<2), version != 0xFF,
      version == 0 ? bytes.count == 55 : bytes.count == 55 || bytes[55] == UInt8(ascii: "-")
    else { return nil }
    for position in [2, 35, 52] where bytes[position] != UInt8(ascii: "-") { return nil }
    guard let high = Self.number(bytes, at: 3..<19), let low = Self.number(bytes, at: 19..<35),
      let span = Self.number(bytes, at: 36..<52), let flags = Self.number(bytes, at: 53..<55),
      high != 0 || low != 0, span != 0
    else { return nil }
    self.init(
      traceID: TraceID(high: high, low: low), spanID: span, flags: UInt8(truncatingIfNeeded: flags))
  }

  /// The header for whoever is called from here.
  package var traceparent: String {
    "00-\(self.traceID)-\(Self.hex(self.spanID))-"
      + "0\(self.flags)"
  }

  /// Digits of base 16, in lower case alone (§3.2.2.1).
  private static func number(_ bytes: Span<UInt8>, at range: Range<Int>) -> UInt64? {
    var number: UInt64 = 0
    for position in range {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(byte - 0x30)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(byte - 0x57)
      default: return nil
      }
    }
    return number
  }

  fileprivate static func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
