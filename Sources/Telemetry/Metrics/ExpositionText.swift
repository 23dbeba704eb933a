// SPDX-License-Identifier: Apache-2.0

/// Builds the text that Prometheus scrapes, in either of its forms.
///
/// Sources: Prometheus documentation, "Exposition formats", text-based format 0.0.4; OpenMetrics
/// 1.0.0 (prometheus/OpenMetrics, specification/OpenMetrics.md). `_created` is left out: it is
/// optional, and would be as many series again.
package struct ExpositionText {
  private let format: ExpositionFormat
  private var bytes: [UInt8] = []

  package init(_ format: ExpositionFormat = .prometheus) {
    self.format = format
    // About what a gateway shows, so that the text need not move while it grows.
    self.bytes.reserveCapacity(128 * 1024)
  }

  package mutating func append(_ family: FamilySnapshot) {
    self.appendDescriptors(of: family)
    for sample in family.samples {
      switch sample.value {
      case .number(let number):
        self.startSample(family.name, sample.labels)
        number.append(to: &self.bytes)
        self.bytes.append(UInt8(ascii: "\n"))
      case .histogram(let histogram):
        self.append(histogram, family.name, sample.labels)
      }
    }
  }

  /// The whole text; nothing can be added to it.
  package consuming func end() -> [UInt8] {
    if self.format == .openMetrics { self.append("# EOF\n") }
    return self.bytes
  }
}

// MARK: - What comes before the samples

extension ExpositionText {
  private mutating func appendDescriptors(of family: FamilySnapshot) {
    let name = self.title(of: family)
    let kind: MetricKind =
      family.kind == .info && self.format == .prometheus ? .gauge : family.kind
    self.append("# HELP ")
    self.append(name)
    self.append(" ")
    // The older form leaves quotes in help as they are.
    self.appendEscaped(family.help, quotes: self.format == .openMetrics)
    self.append("\n# TYPE ")
    self.append(name)
    self.append(" ")
    self.append(kind.rawValue)
    self.append("\n")
    guard self.format == .openMetrics, let unit = Self.unit(of: name) else { return }
    self.append("# UNIT ")
    self.append(name)
    self.append(" ")
    self.append(unit)
    self.append("\n")
  }

  /// What the family is called as a whole: OpenMetrics leaves to the samples the suffix that their
  /// kind asks for.
  private func title(of family: FamilySnapshot) -> Substring {
    let suffix =
      switch family.kind {
      case .counter: "_total"
      case .info: "_info"
      case .gauge, .histogram: ""
      }
    guard self.format == .openMetrics, family.name.hasSuffix(suffix) else {
      return family.name[...]
    }
    return family.name.dropLast(suffix.count)
  }

  private static func unit(of name: Substring) -> String? {
    ["seconds", "bytes"].first { name.hasSuffix("_" + $0) }
  }
}

// MARK: - Samples

extension ExpositionText {
  private mutating func append(
    _ histogram: HistogramSnapshot, _ name: String, _ labels: [MetricLabel]
  ) {
    let bucketName = name + "_bucket"
    var cumulative: UInt64 = 0
    for (index, count) in histogram.counts.enumerated() {
      cumulative += count
      self.append(bucketName)
      self.append("{")
      self.append(labels)
      self.append(labels.isEmpty ? "le=\"" : ",le=\"")
      // The same series in both forms, so that who changes over keeps them.
      if index < Histogram.boundsNanoseconds.count {
        MetricNumber.seconds(nanoseconds: Histogram.boundsNanoseconds[index])
          .append(to: &self.bytes, keepsPoint: true)
      } else {
        self.append("+Inf")
      }
      self.append("\"} ")
      MetricNumber(clamping: cumulative).append(to: &self.bytes)
      if self.format == .openMetrics, index < histogram.exemplars.count,
        let exemplar = histogram.exemplars[index]
      {
        self.append(exemplar)
      }
      self.bytes.append(UInt8(ascii: "\n"))
    }
    self.startSample(name + "_sum", labels)
    MetricNumber.seconds(nanoseconds: histogram.sumNanoseconds).append(to: &self.bytes)
    self.bytes.append(UInt8(ascii: "\n"))
    self.startSample(name + "_count", labels)
    MetricNumber(clamping: cumulative).append(to: &self.bytes)
    self.bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ exemplar: Exemplar) {
    self.append(" # {trace_id=\"")
    self.appendHex(exemplar.trace.high)
    self.appendHex(exemplar.trace.low)
    self.append("\"} ")
    MetricNumber.seconds(nanoseconds: exemplar.nanoseconds).append(to: &self.bytes)
    self.bytes.append(UInt8(ascii: " "))
    MetricNumber(Int64(clamping: exemplar.atMilliseconds), decimals: 3).append(to: &self.bytes)
  }

  private mutating func startSample(_ name: String, _ labels: [MetricLabel]) {
    self.append(name)
    if !labels.isEmpty {
      self.append("{")
      self.append(labels)
      self.append("}")
    }
    self.bytes.append(UInt8(ascii: " "))
  }

  private mutating func append(_ labels: [MetricLabel]) {
    var isFirst = true
    for label in labels {
      if !isFirst { self.bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      self.append(label.name)
      self.append("=\"")
      self.appendEscaped(label.value, quotes: true)
      self.bytes.append(UInt8(ascii: "\""))
    }
  }

  private mutating func append(_ text: some StringProtocol) {
    self.bytes.append(contentsOf: text.utf8)
  }

  private mutating func appendHex(_ number: UInt64) {
    for shift in stride(from: 60, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
      self.bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
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
