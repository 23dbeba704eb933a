// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Logging
import Synchronization
import Telemetry
import Testing

@testable import Upstream

/// What operators see of them.
extension RefreshingCredentialsTests {
  @Test func `the end of what is held and the attempts can be scraped`() async throws {
    let server = try await self.serve { request in
      request.number == 0 ? .close : .answer(body: containerAnswer())
    }
    let credentials = try self.credentials(server) { $0.firstBackoff = .milliseconds(1) }
    let registry = MetricsRegistry()
    credentials.register(in: registry)
    func scrape() -> String { String(decoding: registry.exposition(), as: UTF8.self) }
    #expect(!scrape().contains("credentials_expiry_seconds{"))
    credentials.start()
    await until { credentials.status.held != nil }
    self.surroundings.moveClock(bySeconds: 600)
    #expect(
      scrape().contains(
        "iot_jobs_gateway_credentials_expiry_seconds{source=\"container\"} 3000\n"))
    await until { scrape().contains("refreshes_total{result=\"success\"} 1\n") }
    #expect(scrape().contains("refreshes_total{result=\"failure\"} 1\n"))
    await credentials.stop()
  }

  @Test func `no secret shows in status, failures, logs or dumps`() async throws {
    let server = try await self.serve { request in
      switch request.number {
      case 0: .answer(body: containerAnswer())
      case 1: .answer(status: 500, body: "container-secret container-token")
      case 2: .answer(body: #"{"AccessKeyId":"container-secret","SecretAccessKey":7}"#)
      default: .answer(body: containerAnswer("ASIANEXT000000000001"))
      }
    }
    let lines = LogLines()
    let credentials = try self.credentials(server, log: CredentialLog(lines.logger)) {
      $0.firstBackoff = .milliseconds(1)
    }
    credentials.start()
    var texts: [String] = []
    func note(_ value: Any) {
      var dumped = ""
      dump(value, to: &dumped)
      texts += ["\(value)", String(reflecting: value), dumped]
    }
    let first = try await self.ask(credentials).get()
    note(first)
    note(credentials.status)
    note(credentials)
    credentials.rejected(first)
    note(await self.ask(credentials))
    note(credentials.status)
    await until { credentials.status.held?.loggableID == "…0001" && server.seen.requests.count > 3 }
    note(credentials.status)
    await credentials.stop()
    await until { lines.text.contains("credentials found") }
    texts.append(lines.text)
    for text in texts {
      #expect(!text.contains("container-secret") && !text.contains("container-token"))
    }
    #expect(lines.text.contains("AWS takes the credentials for expired"))
    #expect(lines.text.contains("no AWS credentials"))
  }

  @Test func `a failure that goes on is told once`() async throws {
    let server = try await self.serve { _ in .answer(status: 500) }
    let lines = LogLines()
    let credentials = try self.credentials(server, log: CredentialLog(lines.logger)) {
      $0.firstBackoff = .milliseconds(1)
    }
    credentials.start()
    await until { server.seen.requests.count > 4 }
    await credentials.stop()
    #expect(lines.text.split(separator: "\n").filter { $0.hasPrefix("warning") }.count == 1)
  }
}

/// Keeps what is logged.
private final class LogLines: Sendable {
  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { self.metadata[key] }
      set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
      self.lines.kept.withLock {
        $0 += "\(event.level): \(event.message) \(fields.joined(separator: " "))\n"
      }
    }
  }

  private let kept = Mutex("")

  var text: String { self.kept.withLock { $0 } }

  var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }
}
