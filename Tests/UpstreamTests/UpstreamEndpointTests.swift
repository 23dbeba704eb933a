// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Upstream

@Suite struct UpstreamEndpointTests {
  @Test(arguments: [
    ("http://127.0.0.1:8181", false, "127.0.0.1", 8181, "", "127.0.0.1:8181"),
    ("http://Example.com", false, "example.com", 80, "", "example.com"),
    ("http://example.com:80/", false, "example.com", 80, "", "example.com"),
    (
      "https://a.jobs.iot.eu-west-1.amazonaws.com", true, "a.jobs.iot.eu-west-1.amazonaws.com", 443,
      "", "a.jobs.iot.eu-west-1.amazonaws.com"
    ),
    ("https://example.com:80/a/b//", true, "example.com", 80, "/a/b", "example.com:80"),
    ("https://[::1]:443", true, "::1", 443, "", "[::1]"),
    ("http://[FE80::1]:8080/x", false, "fe80::1", 8080, "/x", "[fe80::1]:8080"),
  ])
  func `a URL is taken apart`(
    url: String, isSecure: Bool, host: String, port: Int, basePath: String, hostHeader: String
  ) throws {
    let endpoint = try UpstreamEndpoint(url: url)
    #expect(endpoint.isSecure == isSecure)
    #expect(endpoint.host == host && endpoint.port == port)
    #expect(endpoint.basePath == basePath)
    #expect(endpoint.hostHeader == hostHeader)
  }

  @Test(arguments: [
    ("", UpstreamEndpointError.scheme), ("example.com", .scheme), ("HTTP://example.com", .scheme),
    ("ftp://example.com", .scheme), ("http://", .host), ("http:///x", .host), ("http://:80", .host),
    ("http://example.com.", .host), ("http://ex%61mple.com", .host), ("http://[::1", .host),
    ("http://[g]", .host), ("http://[]", .host), ("http://[::1]x", .port),
    ("http://example.com:", .port), ("http://example.com:0", .port),
    ("http://example.com:65536", .port), ("http://example.com:80x", .port),
    ("http://u:p@example.com", .surplus), ("http://example.com/?q", .surplus),
    ("http://example.com/#f", .surplus), ("http://example.com/a b", .illegalByte),
    ("http://example.com/\r\nEvil: 1", .illegalByte), ("http://exämple.com", .illegalByte),
  ])
  func `what is no endpoint is refused by name`(url: String, error: UpstreamEndpointError) {
    #expect(throws: error) {
      try UpstreamEndpoint(url: url)
    }
    #expect(!error.rule.isEmpty)
  }
}
