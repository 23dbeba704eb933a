// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOHTTP1
import Synchronization
import Testing

@testable import OperatorServer

@Suite struct OperatorPagesTests {
  private final class Level: Sendable {
    let level = Mutex(Logger.Level.info)
  }

  private let level = Level()

  private func pages() throws -> OperatorPages {
    let level = self.level
    let desk = OperatorDesk(
      status: { ["ready": true] }, configuration: { ["page": "config"] },
      offenders: { ["page": "top"] }, pool: { ["page": "pool"] }, cache: { ["page": "cache"] },
      logLevel: { level.level.withLock { $0 } },
      setLogLevel: { new in level.level.withLock { $0 = new } })
    return OperatorPages(
      desk: desk, history: LiveHistory(), page: try OperatorPage(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func answer(
    _ method: HTTPMethod, _ target: String, _ body: String = ""
  ) async throws -> OperatorAnswer {
    try await self.pages().answer(
      to: OperatorRequest(method: method, target: target, body: Array(body.utf8)))
  }

  private func text(_ answer: OperatorAnswer) -> String {
    String(decoding: answer.body, as: UTF8.self)
  }

  @Test(arguments: [
    ("/config", "config"), ("/top", "top"), ("/debug/pool", "pool"), ("/debug/cache?x", "cache"),
  ])
  func `each path has its page`(path: String, page: String) async throws {
    let answer = try await self.answer(.GET, path)
    #expect(answer.status == .ok)
    #expect(self.text(answer) == #"{"page":"\#(page)"}"# + "\n")
    #expect(answer.headers["content-type"] == ["application/json"])
  }

  @Test func `there are no other paths`() async throws {
    for path in ["/metrics", "/index.html", "//", "/config/", "", "/loglevel/x", "/%2e"] {
      #expect(try await self.answer(.GET, path).status == .notFound)
    }
  }

  @Test func `pages are only read`() async throws {
    for path in ["/", "/live", "/config", "/top", "/debug/pool", "/debug/cache"] {
      let answer = try await self.answer(.POST, path)
      #expect(answer.status == .methodNotAllowed)
      #expect(answer.headers["allow"] == ["GET, HEAD"])
      #expect(try await self.answer(.HEAD, path).status == .ok)
    }
    #expect(try await self.answer(.DELETE, "/loglevel").status == .methodNotAllowed)
  }

  @Test func `the level is told and changed`() async throws {
    #expect(self.text(try await self.answer(.GET, "/loglevel")).contains(#""level":"info""#))
    for method in [HTTPMethod.PUT, .POST] {
      for level in ["debug", "critical"] {
        let answer = try await self.answer(method, "/loglevel", #" { "level" : "\#(level)" } "#)
        #expect(answer.status == .ok)
        #expect(self.level.level.withLock { $0.rawValue } == level)
      }
    }
  }

  @Test(arguments: [
    "", "debug", #""debug""#, #"{"level":"loud"}"#, #"{"level":"debug","x":"y"}"#, #"{"level":1}"#,
    #"{"Level":"debug"}"#, #"{"level":"debug"}}"#, #"{"level":" debug"}"#, #"[{"level":"debug"}]"#,
    #"{"level":"DEBUG"}"#, "\u{0}",
  ])
  func `what is no level changes nothing`(body: String) async throws {
    #expect(try await self.answer(.PUT, "/loglevel", body).status == .badRequest)
    #expect(self.level.level.withLock { $0 } == .info)
  }

  @Test func `live tells of the present and of what is new`() async throws {
    let text = self.text(try await self.answer(.GET, "/live?after=7"))
    for member in ["status", "log_level", "offenders", "time", "series", "failures", "levels"] {
      #expect(text.contains("\"\(member)\":"))
    }
  }

  @Test func `nothing may be kept, framed or taken for something else`() async throws {
    for path in ["/", "/live", "/none"] {
      let headers = try await self.answer(.GET, path).headers
      #expect(headers["cache-control"] == ["no-store"])
      #expect(headers["x-content-type-options"] == ["nosniff"])
      #expect(headers["x-frame-options"] == ["DENY"])
      #expect(headers["cross-origin-resource-policy"] == ["same-origin"])
      #expect(headers["access-control-allow-origin"].isEmpty)
      let policy = headers["content-security-policy"].joined()
      #expect(policy.hasPrefix("default-src 'none'"))
      #expect(policy.contains("frame-ancestors 'none'"))
      #expect(!policy.contains("unsafe"))
    }
  }

  @Test func `the page holds its style and script, whose digests the policy names`() throws {
    let page = try OperatorPage(
      html: Array("<style>/*style*/</style><script>/*script*/</script>".utf8),
      style: Array("abc".utf8), script: [])
    #expect(String(decoding: page.bytes, as: UTF8.self) == "<style>abc</style><script></script>")
    // FIPS 180-4's examples: "abc", and nothing at all.
    #expect(
      page.policy.contains("style-src 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='"))
    #expect(
      page.policy.contains("script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"))
  }

  @Test func `the page asks for nothing of anybody else's`() throws {
    let text = String(decoding: try OperatorPage().bytes, as: UTF8.self)
    #expect(!text.contains("/*style*/") && !text.contains("/*script*/"))
    for word in ["https://", "innerHTML", "eval(", "style=\"", "onclick", "@import", "url("] {
      #expect(!text.contains(word), "\(word)")
    }
  }
}
