// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning

/// Which calls are traced, and who collects what is known of them. Without an endpoint none is.
enum TracingSettings {
  static let endpoint = Setting<String>(
    "tracing-endpoint",
    help: "URL of a collector of traces that takes OTLP/HTTP in protobuf; /v1/traces if it has no "
      + "path. Without it no call is traced.",
    allowed: HTTPURL.rule
  ) { (text) throws(Misfit) in
    guard HTTPURL(text) != nil else { throw Misfit(url: text) }
    return text
  }

  /// As OpenTelemetry's own parts have it: all, until somebody says less.
  static let ratio = Setting<Double>(
    "tracing-ratio",
    help:
      "Part of the calls that are traced of those that come without a traceparent. Callers that "
      + "send one have decided.",
    allowed: "a number from 0 to 1", fallback: "1"
  ) { text in
    guard let ratio = DecimalText.number(text), ratio <= 1 else { return nil }
    return ratio
  }

  static let headers = Setting<[TracingHeader]>(
    "tracing-headers",
    help: "Header fields for the collector, such as authorization=Bearer%20TOKEN, comma-separated "
      + "and percent-encoded. Better a variable than a flag, which every process can read.",
    allowed: "NAME=VALUE pairs, comma-separated and percent-encoded", isSecret: true
  ) { Self.pairs($0)?.map { TracingHeader(name: $0, value: Secret($1)) } }

  static let caBundle = Setting(
    "tracing-ca-bundle",
    help: "PEM file with the authorities to trust with the collector instead of the system's.",
    allowed: "the path of a file"
  ) { $0.isEmpty ? nil : $0 }

  static let serviceName = Setting(
    "tracing-service-name", help: "What this gateway is called in traces (service.name).",
    allowed: "a name", fallback: "iot-jobs-gateway"
  ) { $0.isEmpty ? nil : $0 }

  static let attributes = Setting<[TracingAttribute]>(
    "tracing-attributes",
    help: "What else traces say of this gateway, such as deployment.environment.name=production.",
    allowed: "NAME=VALUE pairs, comma-separated and percent-encoded"
  ) { Self.pairs($0)?.map { TracingAttribute(name: $0, value: $1) } }

  // MARK: How much, how long. The defaults are those of OpenTelemetry's batch processor.

  static let queueLimit = Setting<Int>.count(
    "tracing-queue-limit",
    help: "Spans that may wait to be sent; more are dropped and counted. A call has two to five.",
    in: 1...1_000_000, fallback: 2_048)

  static let batchLimit = Setting<Int>.count(
    "tracing-batch-limit", help: "Spans sent at once, and at once when so many wait.",
    in: 1...10_000, fallback: 512)

  static let batchDelay = Setting<Duration>.duration(
    "tracing-batch-delay", help: "How long a span waits at most until it is sent.",
    atLeast: .milliseconds(100), fallback: "5s")

  static let timeout = Setting<Duration>.duration(
    "tracing-timeout", help: "How long the collector may take to answer.", fallback: "10s")

  static let section = SettingsSection(
    "Tracing",
    [
      SettingEntry(Self.endpoint), SettingEntry(Self.ratio), SettingEntry(Self.headers),
      SettingEntry(Self.caBundle), SettingEntry(Self.serviceName), SettingEntry(Self.attributes),
      SettingEntry(Self.queueLimit), SettingEntry(Self.batchLimit), SettingEntry(Self.batchDelay),
      SettingEntry(Self.timeout),
    ])

  /// Reads pairs as `OTEL_EXPORTER_OTLP_HEADERS` has them, which is the form of W3C Baggage without
  /// properties. Nil for anything else.
  private static func pairs(_ text: String) -> [(String, String)]? {
    var pairs: [(String, String)] = []
    for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let name = parts.first.map(Self.trimmed), Self.isToken(name),
        let value = Self.decoded(Self.trimmed(parts[1]))
      else { return nil }
      pairs.append((name, value))
    }
    return pairs
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// The name of a header field (RFC 9110 §5.6.2), which attributes' names are too.
  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// Undoes percent-encoding; nil for what is not printable ASCII, before or after.
  private static func decoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, !digits.contains(where: { $0 == UInt8(ascii: "+") }),
        let number = UInt8(Substring(digits), radix: 16)
      else { return nil }
      bytes.append(number)
      rest = rest.dropFirst(2)
    }
    guard bytes.allSatisfy({ 0x20...0x7e ~= $0 }) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A header field for the collector. Its value may be a token.
struct TracingHeader: Equatable, Sendable {
  var name: String
  var value: Secret
}

/// A fact about this process, as traces show it.
struct TracingAttribute: Equatable, Sendable {
  var name: String
  var value: String
}
