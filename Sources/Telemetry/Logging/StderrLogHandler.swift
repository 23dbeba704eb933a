// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Writes each log line to standard error, or to another sink, as JSON or as text.
///
/// Whoever logs never waits for whoever reads: see ``LogSink``.
package struct StderrLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  private let label: String
  private let format: LogFormat
  private let levels: LogLevels
  private let sink: LogSink
  /// Of this logger alone; nil follows the process's.
  private var ownLevel: Logger.Level?

  /// - Parameter levels: the level, until this logger is given one of its own.
  package init(
    label: String, format: LogFormat, levels: LogLevels, sink: LogSink = .standardError
  ) {
    self.label = label
    self.format = format
    self.levels = levels
    self.sink = sink
  }

  package var logLevel: Logger.Level {
    get { self.ownLevel ?? self.levels.level }
    set { self.ownLevel = newValue }
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
    self.sink.write(bytes)
  }
}
