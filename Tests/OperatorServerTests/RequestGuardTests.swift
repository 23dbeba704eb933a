// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing

@testable import OperatorServer

@Suite struct RequestGuardTests {
  private func judge(
    _ method: HTTPMethod = .GET, host: String? = "localhost:9465", _ more: [(String, String)] = []
  ) -> RequestGuard.Verdict {
    var headers = HTTPHeaders(more)
    if let host { headers.add(name: "Host", value: host) }
    return RequestGuard.judge(
      HTTPRequestHead(version: .http1_1, method: method, uri: "/", headers: headers))
  }

  private let json = ("Content-Type", "application/json")

  @Test(arguments: [
    "localhost", "localhost:1", "LOCALHOST:9465", "127.0.0.1", "127.0.0.1:80", "127.8.9.1:80",
    "[::1]", "[::1]:9465",
  ])
  func `this machine's own names are taken, with any port`(host: String) {
    #expect(self.judge(host: host) == .admit)
  }

  @Test(arguments: [
    "attacker.example", "attacker.example:9465", "localhost.attacker.example", "127.0.0.1.nip.io",
    "10.0.0.1", "0.0.0.0", "[::]", "[::2]:1", "", "unix:/run/s", "127.1", "2130706433",
    "localhost:x",
    "localhost:99999", "a@localhost", "localhost:1:2",
  ])
  func `names that somebody else may have made to lead here are not`(host: String) {
    #expect(self.judge(host: host) == .refuse(.foreignHost))
  }

  @Test func `no name and two names are refused`() {
    #expect(self.judge(host: nil) == .refuse(.foreignHost))
    #expect(self.judge([("Host", "localhost")]) == .refuse(.foreignHost))
  }

  private func judge(_ more: [(String, String)]) -> RequestGuard.Verdict {
    self.judge(.GET, host: "localhost", more)
  }

  @Test(arguments: ["cross-site", "same-site", "anything"])
  func `a page of another site may be a link to here and no more`(site: String) {
    let fetch = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors")]
    #expect(self.judge(fetch) == .refuse(.crossSite))
    let link = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate")]
    #expect(self.judge(link) == .admit)
    #expect(self.judge(.POST, link + [self.json]) == .refuse(.crossSite))
  }

  private func judge(_ method: HTTPMethod, _ more: [(String, String)]) -> RequestGuard.Verdict {
    self.judge(method, host: "localhost:9465", more)
  }

  @Test(arguments: ["same-origin", "none"])
  func `our own page and the address bar may ask`(site: String) {
    #expect(self.judge([("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "cors")]) == .admit)
  }

  @Test(arguments: [HTTPMethod.POST, .PUT, .DELETE, .PATCH])
  func `a change needs a content type that no form can send`(method: HTTPMethod) {
    #expect(self.judge(method, []) == .refuse(.contentType))
    for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
      #expect(self.judge(method, [("Content-Type", type)]) == .refuse(.contentType))
    }
    #expect(self.judge(method, [self.json, self.json]) == .refuse(.contentType))
    #expect(self.judge(method, [self.json]) == .admit)
    #expect(
      self.judge(method, [("content-type", "Application/JSON; charset=utf-8")]) == .admit)
  }

  @Test func `a change comes from our own page or from none`() {
    func change(from origin: String) -> RequestGuard.Verdict {
      self.judge(.PUT, [self.json, ("Origin", origin)])
    }
    #expect(change(from: "http://localhost:9465") == .admit)
    for origin in [
      "null", "http://localhost:1", "https://localhost:9465", "http://attacker.example", "",
    ] {
      #expect(change(from: origin) == .refuse(.foreignOrigin))
    }
  }
}
