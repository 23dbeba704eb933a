// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Writes each log line to standard error, or to another sink, as JSON or as text.
///
/// Whoever logs never waits for whoever reads: see ``LogSink``.
package struct StderrLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let label: String
  private let format: LogFormat
  private let sink: LogSink

  package init(
    label: String, format: LogFormat, level: Logger.Level, sink: LogSink = .standardError
  ) {
    self.label = label
    self.format = format
    self.logLevel = level
    self.sink = sink
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
