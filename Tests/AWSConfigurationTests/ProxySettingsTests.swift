// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Testing

@Suite struct ProxySettingsTests {
  private func proxy(_ variables: [String: String], for url: String) throws -> HTTPProxy? {
    try ProxySettings(AWSEnvironment(variables)).proxy(for: #require(HTTPURL(url)))
  }

  @Test func `each scheme has its proxy, and lower case wins`() throws {
    var variables = [
      "HTTPS_PROXY": "http://s.example:1", "HTTP_PROXY": "https://p.example",
      "ALL_PROXY": "http://x",
    ]
    let secure = try #require(try self.proxy(variables, for: "https://a.example"))
    #expect(secure.url.host == "s.example" && secure.url.port == 1 && !secure.url.isSecure)
    #expect(secure.authorization == nil)
    #expect(secure.origin == .environment(variable: "HTTPS_PROXY"))
    let plain = try #require(try self.proxy(variables, for: "http://a.example"))
    #expect(plain.url.host == "p.example" && plain.url.isSecure)
    variables["https_proxy"] = "other.example:3128"
    let lower = try #require(try self.proxy(variables, for: "https://a.example"))
    #expect(lower.url.host == "other.example" && lower.url.port == 3128 && !lower.url.isSecure)
    #expect(try self.proxy([:], for: "https://a.example") == nil)
    #expect(try self.proxy(["HTTPS_PROXY": ""], for: "https://a.example") == nil)
  }

  @Test(arguments: [
    ("http://u:p@a.example:1", "Basic dTpw"), ("u:p@a.example:1", "Basic dTpw"),
    ("http://u@a.example:1", "Basic dTo="), ("http://u:@a.example:1", "Basic dTo="),
    ("http://user:pass@a.example:1", "Basic dXNlcjpwYXNz"),
    ("http://u%40v:p%3A%2fq@a.example:1", "Basic dUB2OnA6L3E="),
    ("http://u:p:q@a.example:1", "Basic dTpwOnE="), ("http://u:p@q@a.example:1", "Basic dTpwQHE="),
    ("http://%C3%BC:x@a.example:1", "Basic w7w6eA=="),
  ])
  func `a user name becomes a header that nothing prints`(text: String, header: String) throws {
    let proxy = try #require(try self.proxy(["HTTPS_PROXY": text], for: "https://b.example"))
    #expect(proxy.authorization?.text == header)
    #expect(proxy.url.host == "a.example" && proxy.url.port == 1)
    var dumped = ""
    dump(proxy, to: &dumped)
    #expect(!dumped.contains(header) && !dumped.contains("@"))
  }

  @Test(arguments: [
    "ftp://a", "http://", "http://a b", "http://u:%4@a", "http://u:%zz@a", "http://%:p@a",
    "http://u%3A:p@a", "a:b:c", "http://u:p/q@a", "socks5://a:1080",
  ])
  func `what is no proxy is an error that does not show it`(text: String) {
    do throws(AWSConfigurationError) {
      _ = try ProxySettings(AWSEnvironment(["HTTPS_PROXY": text]))
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("HTTPS_PROXY must be http:// or https://, perhaps USER:"))
    }
  }

  @Test(arguments: [
    ("*", "https://a.example", true), ("a.example", "https://a.example", true),
    ("a.example", "https://b.a.example", true), ("a.example", "https://ba.example", false),
    (".a.example", "https://a.example", true), (".a.example", "https://b.a.example", true),
    ("*.a.example", "https://b.a.example", true), ("A.Example", "https://a.example", true),
    ("x, a.example ,y", "https://a.example", true), ("a.example:443", "https://a.example", true),
    ("a.example:444", "https://a.example", false), ("a.example:444", "https://a.example:444", true),
    ("a.example.", "https://a.example", false), (",, ,", "https://a.example", false),
    ("example", "https://a.example", true), ("10.0.0.0/8", "https://10.9.8.7", true),
    ("10.0.0.0/8", "https://11.0.0.1", false), ("10.0.0.0/8", "https://a.example", false),
    ("10.0.0.1", "https://10.0.0.1:8443", true), ("10.0.0.1:443", "https://10.0.0.1:8443", false),
    ("10.0.0", "https://10.0.0.1", false), ("10.0.0.0/33", "https://10.0.0.0", false),
    ("fd00::/8", "https://[fd12::1]", true), ("[fd12::1]:443", "https://[fd12::1]", true),
    ("fd12::1", "https://[FD12:0::1]", true), ("amazonaws.com", "https://sts.amazonaws.com", true),
    ("a.example/", "https://a.example", false), ("/", "https://a.example", false),
  ])
  func `exceptions go straight`(exceptions: String, url: String, isDirect: Bool) throws {
    let variables = ["https_proxy": "http://p.example:1", "NO_PROXY": exceptions]
    #expect((try self.proxy(variables, for: url) == nil) == isDirect)
  }

  @Test(arguments: ["https://localhost:1", "https://127.0.0.1", "https://[::1]"])
  func `this machine is never reached through a proxy`(url: String) throws {
    #expect(try self.proxy(["HTTPS_PROXY": "http://p.example:1"], for: url) == nil)
  }
}
