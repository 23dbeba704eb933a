// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// A log that keeps its lines, each with its metadata by name.
struct KeptLines: LogHandler {
  final class Lines: Sendable {
    private let lines = Mutex<[[String: String]]>([])

    func append(_ line: [String: String]) { self.lines.withLock { $0.append(line) } }
    var all: [[String: String]] { self.lines.withLock { $0 } }
  }

  let lines: Lines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { self.metadata[key] }
    set { self.metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = (event.metadata ?? [:]).mapValues { "\($0)" }
    line["message"] = "\(event.message)"
    line["level"] = "\(event.level)"
    self.lines.append(line)
  }
}
