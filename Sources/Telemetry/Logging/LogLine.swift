// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Logging

/// How a log line is written.
package enum LogFormat: String, CaseIterable, Sendable {
  case json
  case text
}

/// One log line before it is written. Pure, so that tests can read it.
package struct LogLine {
  /// Bytes of one value as written: one that is long must not push out the others.
  private static let valueLimitBytes = 1024

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

  /// The line without its end, in `limit` bytes or fewer; JSON stays whole whatever the limit cuts.
  ///
  /// The message and each value are cut to 1024 bytes as written, and to what room there is, between
  /// characters; an ellipsis shows it. Fields for which no room is left are left out.
  /// - Parameter limit: At least 256, so that time, level and label fit. The default leaves room for
  ///   the line's end.
  package func bytes(
    in format: LogFormat, limit: Int = LogSink.lineLimitBytes - 1
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    switch format {
    case .json:
      let fixed = [
        ("time", self.time), ("level", self.level.rawValue), ("logger", self.label),
        ("message", self.message),
      ]
      for (name, value) in fixed + self.fields {
        let start = bytes.isEmpty ? "{\"" : ",\""
        Self.appendField(start, name, "\":\"", value, within: limit - 1, to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .text:
      bytes.append(contentsOf: "\(self.time) \(self.level.rawValue) ".utf8)
      Self.appendValue(self.message, room: limit - bytes.count, to: &bytes)
      for (name, value) in self.fields {
        Self.appendField(" ", name, "=\"", value, within: limit, to: &bytes)
      }
    }
    return bytes
  }

  private static func appendField(
    _ start: String, _ name: String, _ middle: String, _ value: String, within limit: Int,
    to bytes: inout [UInt8]
  ) {
    var opening = Array(start.utf8)
    for scalar in name.unicodeScalars { Self.appendEscaped(scalar, to: &opening) }
    opening.append(contentsOf: middle.utf8)
    // The quote behind the value needs its byte.
    let room = limit - 1 - bytes.count - opening.count
    guard room >= 0 else { return }
    bytes.append(contentsOf: opening)
    Self.appendValue(value, room: room, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  private static func appendValue(_ value: String, room: Int, to bytes: inout [UInt8]) {
    let ellipsis = "…".utf8
    let end = bytes.count + min(room, Self.valueLimitBytes)
    // The last place between characters that leaves room for the ellipsis.
    var cut = bytes.count
    for scalar in value.unicodeScalars {
      Self.appendEscaped(scalar, to: &bytes)
      guard bytes.count <= end else {
        bytes.removeLast(bytes.count - cut)
        if cut + ellipsis.count <= end { bytes.append(contentsOf: ellipsis) }
        return
      }
      if bytes.count + ellipsis.count <= end { cut = bytes.count }
    }
  }

  /// JSON's string escapes (RFC 8259 §7); what a peer sent can thus never begin a line of its own.
  /// Controls beyond ASCII's are escaped too: to some terminals U+009B is as good as ESC.
  private static func appendEscaped(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    switch scalar {
    case "\"": bytes.append(contentsOf: #"\""#.utf8)
    case "\\": bytes.append(contentsOf: #"\\"#.utf8)
    case "\n": bytes.append(contentsOf: #"\n"#.utf8)
    case "\u{0}"..<" ", "\u{7F}"..."\u{9F}":
      let hex = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: #"\u00"#.utf8)
      bytes.append(hex[Int(scalar.value >> 4)])
      bytes.append(hex[Int(scalar.value & 15)])
    default: bytes.append(contentsOf: String(scalar).utf8)
    }
  }
}
