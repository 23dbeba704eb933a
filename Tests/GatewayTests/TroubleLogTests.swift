// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing
import Transport

@testable import iot_jobs_gateway

@Suite struct TroubleLogTests {
  private final class Lines: Sendable {
    let texts = Mutex<[String]>([])
  }

  private struct Handler: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { self.metadata[key] }
      set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let reason = event.metadata?["reason"].map { "\($0)" } ?? ""
      self.lines.texts.withLock { $0.append("\(event.message): \(reason)") }
    }
  }

  @Test func `each kind of trouble is told at once, and then once a minute`() {
    let lines = Lines()
    let log = TroubleLog(Logger(label: "test") { _ in Handler(lines: lines) })
    let start = ContinuousClock.now
    for seconds in [0, 1, 59, 60, 61] {
      log.connectFailed(.unresolvable, now: start + .seconds(seconds))
    }
    log.refused("AccessDeniedException", now: start + .seconds(1))
    log.refused("ExpiredTokenException", now: start + .seconds(60))
    let refused = "AWS refused a call for its signature or its permission: AccessDeniedException"
    let unreached = "no connection to AWS: name does not resolve"
    #expect(lines.texts.withLock { $0 } == [unreached, unreached, refused])
  }
}
