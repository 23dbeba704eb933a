// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing

@testable import Telemetry

@Suite struct LogLevelsTests {
  private let levels = LogLevels(.info)

  private var logger: Logger {
    Logger(label: "test") { label in
      StderrLogHandler(
        label: label, format: .json, levels: self.levels, sink: LogSink(descriptor: -1))
    }
  }

  @Test(arguments: Logger.Level.allCases)
  func `a level reads back as it was set`(level: Logger.Level) {
    #expect(LogLevels(level).level == level)
    self.levels.level = level
    #expect(self.levels.level == level)
  }

  @Test func `loggers follow, those that were made before and their copies too`() {
    let logger = self.logger
    var copy = logger
    copy[metadataKey: "k"] = "v"
    self.levels.level = .trace
    #expect(logger.logLevel == .trace)
    #expect(copy.logLevel == .trace)
    self.levels.level = .critical
    #expect(logger.logLevel == .critical)
    #expect(copy.logLevel == .critical)
  }

  @Test func `a logger that was given a level keeps it, and others do not`() {
    let logger = self.logger
    var own = logger
    own.logLevel = .warning
    self.levels.level = .trace
    #expect(own.logLevel == .warning)
    #expect(logger.logLevel == .trace)
  }
}
