// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Logging

/// How a log line is written.
package enum LogFormat: String, CaseIterable, Sendable {
  case json
  case text
}

/// Writes each log line to standard error with one `write(2)`, as JSON or as text.
///
/// A line that the kernel does not take at once is cut, not waited for: logging must never hold an
/// event loop.
package struct StderrLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let label: String
  private let format: LogFormat

  package init(label: String, format: LogFormat, level: Logger.Level) {
    self.label = label
    self.format = format
    self.logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { self.metadata[key] }
    set { self.metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
    let line = LogLine(
      time: LogLine.now(), level: event.level, label: self.label,
      message: "\(event.message)",
      fields: metadata.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
    var bytes = line.bytes(in: self.format)
    bytes.append(UInt8(ascii: "\n"))
    // One call for the whole line, so that lines of different threads do not mix. The kernel reads
    // the array while it is borrowed.
    unsafe bytes.withUnsafeBytes { buffer in
      _ = unsafe Glibc.write(STDERR_FILENO, buffer.baseAddress, buffer.count)
    }
  }
}

/// One log line before it is written. Pure, so that tests can read it.
package struct LogLine {
  package var time: String
  package var level: Logger.Level
  package var label: String
  package var message: String
  package var fields: [(name: String, value: String)]

  package init(
    time: String, level: Logger.Level, label: String, message: String,
    fields: [(name: String, value: String)]
  ) {
    self.time = time
    self.level = level
    self.label = label
    self.message = message
    self.fields = fields
  }

  /// The wall clock in RFC 3339 form, UTC, with milliseconds.
  package static func now() -> String {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    // `tm` holds a pointer to the zone's name, which is static in libc.
    var parts = unsafe tm()
    unsafe gmtime_r(&now.tv_sec, &parts)
    let toSeconds = unsafe String(unsafeUninitializedCapacity: 32) { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
        unsafe strftime(characters.baseAddress, characters.count, "%Y-%m-%dT%H:%M:%S", &parts)
      }
    }
    let milliseconds = String(now.tv_nsec / 1_000_000)
    return toSeconds + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
      + "Z"
  }

  package func bytes(in format: LogFormat) -> [UInt8] {
    var bytes: [UInt8] = []
    switch format {
    case .json:
      bytes.append(UInt8(ascii: "{"))
      let fixed = [
        ("time", self.time), ("level", self.level.rawValue), ("logger", self.label),
        ("message", self.message),
      ]
      for (index, field) in (fixed + self.fields).enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.appendQuoted(field.0, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        Self.appendQuoted(field.1, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .text:
      bytes.append(contentsOf: "\(self.time) \(self.level.rawValue) ".utf8)
      Self.appendEscaped(self.message, to: &bytes)
      for (name, value) in self.fields {
        bytes.append(contentsOf: " \(name)=".utf8)
        Self.appendQuoted(value, to: &bytes)
      }
    }
    return bytes
  }

  private static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    Self.appendEscaped(text, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// JSON's string escapes (RFC 8259 §7); what a peer sent can thus never begin a line of its own.
  private static func appendEscaped(_ text: String, to bytes: inout [UInt8]) {
    let hex = Array("0123456789abcdef".utf8)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
      case 0..<0x20, 0x7F:
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(hex[Int(byte >> 4)])
        bytes.append(hex[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
  }
}
