// SPDX-License-Identifier: Apache-2.0

/// Builds the text that Prometheus scrapes.
///
/// Source: Prometheus documentation, "Exposition formats", text-based format 0.0.4.
package struct ExpositionText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var bytes: [UInt8] = []

  package init() {}

  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  package struct Label: Sendable {
    let name: String
    let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package mutating func family(_ name: String, _ kind: Kind, help: String) {
    self.append("# HELP \(name) ")
    self.appendEscaped(help, quotes: false)
    self.append("\n# TYPE \(name) \(kind.rawValue)\n")
  }

  package mutating func sample(
    _ name: String, _ labels: [Label] = [], _ value: String
  ) {
    self.append(name)
    if !labels.isEmpty {
      self.append("{")
      for (index, label) in labels.enumerated() {
        self.append(index == 0 ? "\(label.name)=\"" : ",\(label.name)=\"")
        self.appendEscaped(label.value, quotes: true)
        self.append("\"")
      }
      self.append("}")
    }
    self.append(" \(value)\n")
  }

  package mutating func histogram(
    _ name: String, _ labels: [Label], _ histogram: Histogram
  ) {
    let (counts, sumNanoseconds) = histogram.snapshot()
    var cumulative: UInt64 = 0
    for (index, count) in counts.enumerated() {
      cumulative += count
      let bound =
        index < 15 ? Self.seconds(nanoseconds: Histogram.boundsNanoseconds[index]) : "+Inf"
      self.sample("\(name)_bucket", labels + [Label(name: "le", value: bound)], "\(cumulative)")
    }
    self.sample("\(name)_sum", labels, Self.seconds(nanoseconds: sumNanoseconds))
    self.sample("\(name)_count", labels, "\(cumulative)")
  }

  /// Nanoseconds as decimal seconds, exact: `1500000` is `0.0015`.
  package static func seconds(nanoseconds: UInt64) -> String {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if rest == 0 { return "\(whole)" }
    let digits = String(rest)
    var fraction = String(repeating: "0", count: 9 - digits.count) + digits
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(whole).\(fraction)"
  }

  private mutating func append(_ text: String) {
    self.bytes.append(contentsOf: text.utf8)
  }

  private mutating func appendEscaped(_ text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): self.append("\\\\")
      case UInt8(ascii: "\n"): self.append("\\n")
      case UInt8(ascii: "\"") where quotes: self.append("\\\"")
      default: self.bytes.append(byte)
      }
    }
  }
}
