// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing

@testable import Telemetry

/// Real pipes, blocking ones as a container runtime lends them.
@Suite(.timeLimit(.minutes(1))) struct LogSinkTests {
  private let pipe = Pipe()

  private var sink: LogSink {
    LogSink(descriptor: self.pipe.fileHandleForWriting.fileDescriptor)
  }

  /// All lines that the pipe holds; the writing end stays a blocking one.
  private func lines() -> [ArraySlice<UInt8>] {
    let descriptor = self.pipe.fileHandleForReading.fileDescriptor
    #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = unsafe bytes.withUnsafeMutableBytes { room in
      unsafe read(descriptor, room.baseAddress, room.count)
    }
    return bytes.prefix(max(count, 0)).split(separator: 10)
  }

  private func logger(_ sink: LogSink) -> Logger {
    Logger(label: "test") { label in
      StderrLogHandler(label: label, format: .json, levels: LogLevels(.info), sink: sink)
    }
  }

  @Test func `a line that is logged is read`() throws {
    let sink = self.sink
    self.logger(sink).info("hello", metadata: ["k": "v"])
    let line = try #require(self.lines().first)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(line)) as? [String: String])
    #expect(object["message"] == "hello")
    #expect(object["k"] == "v")
    #expect(sink.droppedLines.value == 0)
  }

  @Test func `a reader that stalls costs lines and no time`() {
    let sink = self.sink
    let logger = self.logger(sink)
    // More than any pipe of Linux's default size holds.
    let value = String(repeating: "x", count: 900)
    for _ in 0..<1_000 { logger.info("m", metadata: ["k": "\(value)"]) }
    let dropped = sink.droppedLines.value
    #expect(dropped > 0)

    var read = self.lines()
    #expect(UInt64(read.count) + dropped == 1_000)
    #expect(read.allSatisfy { $0.last == UInt8(ascii: "}") })

    logger.info("again")
    read = self.lines()
    #expect(read.count == 1)
    #expect(sink.droppedLines.value == dropped)
  }

  @Test func `threads that log at once neither wait nor mix their lines`() async {
    let sink = self.sink
    await withTaskGroup { group in
      for letter in "abcd" {
        let line = Array((String(repeating: letter, count: 999) + "\n").utf8)
        group.addTask {
          for _ in 0..<200 { sink.write(line) }
        }
      }
    }
    let read = self.lines()
    #expect(UInt64(read.count) + sink.droppedLines.value == 800)
    #expect(read.allSatisfy { $0.count == 999 && Set($0).count == 1 })
  }

  @Test func `no reader is no signal`() throws {
    let sink = self.sink
    try self.pipe.fileHandleForReading.close()
    sink.write(Array("lost\n".utf8))
    #expect(sink.droppedLines.value == 1)
  }

  @Test func `a line longer than a pipe takes whole is dropped`() {
    let sink = self.sink
    sink.write(Array(repeating: UInt8(ascii: "x"), count: LogSink.lineLimitBytes))
    #expect(sink.droppedLines.value == 0)
    sink.write(Array(repeating: UInt8(ascii: "x"), count: LogSink.lineLimitBytes + 1))
    #expect(sink.droppedLines.value == 1)
    #expect(self.lines().first?.count == LogSink.lineLimitBytes)
  }

  @Test func `lost lines show in a scrape`() {
    let registry = MetricsRegistry()
    let counter = Counter()
    registry.register(NamedCounter(counter, name: "lost_total", help: "Lost."))
    counter.increment(by: 3)
    #expect(
      String(decoding: registry.exposition(), as: UTF8.self)
        == "# HELP lost_total Lost.\n# TYPE lost_total counter\nlost_total 3\n")
  }
}
