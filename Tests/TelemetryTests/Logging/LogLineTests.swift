// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
  private func line(_ message: String, _ fields: [(name: String, value: String)]) -> LogLine {
    LogLine(
      time: "2026-01-02T03:04:05.006Z", level: .info, label: "serve", message: message,
      fields: fields)
  }

  @Test func `a JSON line reads back as what was logged`() throws {
    let hostile = "quote \" back \\ newline \n tab \t escape \u{1B} ünïcode 🚀"
    let bytes = self.line("call failed", [("reason", hostile)]).bytes(in: .json)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
    #expect(
      object == [
        "time": "2026-01-02T03:04:05.006Z", "level": "info", "logger": "serve",
        "message": "call failed", "reason": hostile,
      ])
  }

  @Test(arguments: LogFormat.allCases)
  func `nothing logged can begin a line of its own`(format: LogFormat) {
    let bytes = self.line("a\nb", [("k", "c\r\nd")]).bytes(in: format)
    #expect(!bytes.contains(10))
    #expect(!bytes.contains(13))
  }

  @Test func `a text line shows time, level, message and fields`() {
    let text = String(
      decoding: self.line("listening on", [("address", "127.0.0.1:1")]).bytes(in: .text),
      as: UTF8.self)
    #expect(text == #"2026-01-02T03:04:05.006Z info listening on address="127.0.0.1:1""#)
  }

  @Test(arguments: 256...520)
  func `a cut line is still whole`(limit: Int) throws {
    let long = String(repeating: "é\n€😀\\", count: 400)
    let line = self.line(long, [("a", long), ("b", long), ("c", "")])
    let bytes = line.bytes(in: .json, limit: limit)
    #expect(bytes.count <= limit)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
    #expect(object["time"] == line.time)
    let message = try #require(object["message"])
    #expect(message.hasSuffix("…"))
    #expect(long.hasPrefix(message.dropLast()))

    let text = line.bytes(in: .text, limit: limit)
    #expect(text.count <= limit)
    #expect(String(validating: text, as: UTF8.self) != nil)
  }

  @Test func `a long value does not push out the others`() throws {
    let long = String(repeating: "\u{1}", count: 5_000)
    let bytes = self.line(long, [("a", long), ("b", long), ("request-id", "r")]).bytes(in: .json)
    #expect(bytes.count < LogSink.lineLimitBytes)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
    #expect(object["request-id"] == "r")
    // Six bytes each, and the ellipsis, within 1024.
    #expect(object["a"] == String(repeating: "\u{1}", count: 170) + "…")
    #expect(object["b"] == object["a"])
  }

  @Test func `many fields end where the room ends`() throws {
    let fields = (0..<500).map { (name: "field\($0)", value: "value") }
    let bytes = self.line("m", fields).bytes(in: .json)
    #expect((3_900..<LogSink.lineLimitBytes).contains(bytes.count))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
    #expect(object["field0"] == "value")
  }

  @Test func `the time is RFC 3339 with milliseconds`() {
    let pattern = #/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/#
    #expect(LogLine.now().wholeMatch(of: pattern) != nil)
  }
}
