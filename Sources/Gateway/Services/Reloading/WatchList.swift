// SPDX-License-Identifier: Apache-2.0

import CryptoEngine
import Logging
import Telemetry

/// All files that may change while the process runs.
struct WatchList: Sendable {
  private struct Entry: Sendable {
    let files: WatchedFiles
    var state: FileState
    let successes: Counter
    let failures: Counter
    let failing: Gauge
  }

  private var entries: [Entry] = []
  private let reloads: MetricFamily<Counter>
  private let failing: MetricFamily<Gauge>
  private let logger: Logger

  init(registry: MetricsRegistry, logger: Logger) {
    self.reloads = registry.family(
      Counter.self, "iot_jobs_gateway_reloads_total",
      help: "Changed files that were taken or refused.", labels: ["what", "result"])
    self.failing = registry.family(
      Gauge.self, "iot_jobs_gateway_reload_failing",
      help: "1 while files hold what cannot be used, and what they held before is in force.",
      labels: ["what"])
    self.logger = logger
  }

  var isEmpty: Bool { self.entries.isEmpty }

  /// Reads files for the first time, has them used, and keeps an eye on them from then on.
  ///
  /// Blocks while it reads. For the start: nothing is there yet that could stay in force.
  mutating func add(_ files: WatchedFiles) throws(FileRefusal) {
    let contents = try files.read()
    try files.use(contents)
    self.keep(files, inForce: contents)
  }

  /// Keeps an eye on files that are in use already.
  ///
  /// - Parameter contents: what was read and is used.
  mutating func keep(_ files: WatchedFiles, inForce contents: [[UInt8]]) {
    self.entries.append(
      Entry(
        files: files, state: FileState(inForce: Self.sight(of: contents)),
        successes: self.reloads.child(files.what, "success"),
        failures: self.reloads.child(files.what, "failure"),
        failing: self.failing.child(files.what)))
  }

  /// Looks at all files and has the changed ones used. Blocks.
  ///
  /// - Returns: Whether some were just about to change, so that it is worth to look again soon.
  mutating func look() -> Bool {
    var isUnsettled = false
    for index in self.entries.indices {
      isUnsettled = self.look(at: &self.entries[index]) || isUnsettled
    }
    return isUnsettled
  }

  /// What was refused is judged once more at the next look, be it as it was.
  mutating func judgeAgain() {
    for index in self.entries.indices { self.entries[index].state.askedAgain() }
  }

  private func look(at entry: inout Entry) -> Bool {
    let read = Result { () throws(FileRefusal) in try entry.files.read() }
    let sight =
      switch read {
      case .success(let contents): Self.sight(of: contents)
      case .failure(let refusal): FileState.Sight.unreadable(refusal)
      }
    let answer = entry.state.seen(sight)
    switch answer {
    case .unchanged, .unsettled: break
    case .judge: self.judge(sight, read, of: &entry)
    case .mended:
      self.logger.notice(
        "files hold again what is in force", metadata: [LogKey.files: "\(entry.files.what)"])
    }
    entry.failing.set(entry.state.isFailing ? 1 : 0)
    return answer == .unsettled
  }

  private func judge(
    _ sight: FileState.Sight, _ read: Result<[[UInt8]], FileRefusal>, of entry: inout Entry
  ) {
    do throws(FileRefusal) {
      try entry.files.use(read.get())
      entry.state.accepted(sight)
      entry.successes.increment()
      self.logger.notice("files reloaded", metadata: [LogKey.files: "\(entry.files.what)"])
    } catch {
      entry.state.refused(sight)
      entry.failures.increment()
      self.logger.error(
        "changed files cannot be used; what they held before stays in force",
        metadata: [LogKey.files: "\(entry.files.what)", LogKey.reason: "\(error)"])
    }
  }

  private static func sight(of contents: [[UInt8]]) -> FileState.Sight {
    do throws(CryptoError) {
      var hasher = try SHA256Hasher()
      var digests: [[UInt8]] = []
      for content in contents {
        var digest: [UInt8] = []
        try hasher.hash(content.span).appendHex(to: &digest)
        digests.append(digest)
      }
      return .content(digests)
    } catch {
      return .unreadable(FileRefusal(path: nil, reason: "\(error)"))
    }
  }
}
