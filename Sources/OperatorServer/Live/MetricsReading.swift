// SPDX-License-Identifier: Apache-2.0

/// The samples of one scrape of our own, by name.
///
/// What the page shows is thus exactly what Prometheus would have been told at that moment; nobody
/// counts anything a second time. Source: Prometheus documentation, "Exposition formats".
struct MetricsReading: Sendable {
  struct Sample: Equatable, Sendable {
    var labels: [(name: String, value: String)]
    var value: Double

    static func == (left: Sample, right: Sample) -> Bool {
      left.value == right.value && left.labels.elementsEqual(right.labels, by: ==)
    }

    subscript(name: String) -> String? { self.labels.first { $0.name == name }?.value }
  }

  private var samples: [String: [Sample]] = [:]

  init() {}

  /// - Parameters:
  ///   - exposition: the text form, version 0.0.4. Lines that are none are passed over.
  ///   - wanted: the names that are kept; all others cost a look at their line alone.
  init(_ exposition: [UInt8], wanted: Set<String>) {
    for line in exposition.split(separator: UInt8(ascii: "\n")) {
      guard line.first != UInt8(ascii: "#"),
        let end = line.firstIndex(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: " ") })
      else { continue }
      let name = String(decoding: line[..<end], as: UTF8.self)
      guard wanted.contains(name), let sample = Self.sample(line[end...]) else { continue }
      self.samples[name, default: []].append(sample)
    }
  }

  /// Those of a name whose labels a filter takes, in the order of the scrape.
  func all(_ name: String, where filter: LabelFilter = .any) -> [Sample] {
    (self.samples[name] ?? []).filter(filter.takes)
  }

  /// The sum of those; nil if there are none.
  func sum(_ name: String, where filter: LabelFilter = .any) -> Double? {
    let samples = self.all(name, where: filter)
    return samples.isEmpty ? nil : samples.reduce(0) { $0 + $1.value }
  }

  /// Reads labels and value; what may follow the value is a time or an exemplar.
  private static func sample(_ line: ArraySlice<UInt8>) -> Sample? {
    var rest = line
    var labels: [(name: String, value: String)] = []
    if rest.first == UInt8(ascii: "{") {
      rest = rest.dropFirst()
      while rest.first != UInt8(ascii: "}") {
        guard let label = Self.label(&rest) else { return nil }
        labels.append(label)
        if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
      }
      rest = rest.dropFirst()
    }
    let text = rest.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: " ") }
    guard let value = Double(String(decoding: text, as: UTF8.self)) else { return nil }
    return Sample(labels: labels, value: value)
  }

  /// Reads `name="value"`, in which a backslash, a quote and the end of a line are escaped.
  private static func label(_ rest: inout ArraySlice<UInt8>) -> (name: String, value: String)? {
    guard let equals = rest.firstIndex(of: UInt8(ascii: "=")),
      rest.index(after: equals) < rest.endIndex, rest[equals + 1] == UInt8(ascii: "\"")
    else { return nil }
    let name = String(decoding: rest[..<equals], as: UTF8.self)
    var value: [UInt8] = []
    var index = equals + 2
    while index < rest.endIndex, rest[index] != UInt8(ascii: "\"") {
      if rest[index] == UInt8(ascii: "\\"), index + 1 < rest.endIndex {
        index += 1
        value.append(rest[index] == UInt8(ascii: "n") ? UInt8(ascii: "\n") : rest[index])
      } else {
        value.append(rest[index])
      }
      index += 1
    }
    guard index < rest.endIndex else { return nil }
    rest = rest[(index + 1)...]
    return (name, String(decoding: value, as: UTF8.self))
  }
}

/// Which samples of a family are meant.
enum LabelFilter: Sendable {
  case any
  /// The label has one of these values.
  case label(String, Set<String>)
  /// The label has a value, and none of these.
  case notLabel(String, Set<String>)

  func takes(_ sample: MetricsReading.Sample) -> Bool {
    switch self {
    case .any: true
    case .label(let name, let values): sample[name].map(values.contains) ?? false
    case .notLabel(let name, let values): sample[name].map { !values.contains($0) } ?? false
    }
  }
}
