// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// A log that keeps its lines.
struct KeptLines: LogHandler {
  final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    func append(_ line: String) { self.lines.withLock { $0.append(line) } }
    var all: [String] { self.lines.withLock { $0 } }
  }

  let lines: Lines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { self.metadata[key] }
    set { self.metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }
    self.lines.append("\(event.message)" + metadata.map { " \($0.key): \($0.value)" }.joined())
  }
}
