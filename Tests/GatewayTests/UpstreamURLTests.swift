// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import iot_jobs_gateway

@Suite struct UpstreamURLTests {
  @Test func `an endpoint falls into its parts`() throws {
    let url = try #require(UpstreamURL("HTTPS://Abc.Jobs.IoT.eu-west-1.amazonaws.com/base//x%20/"))
    #expect(url.isTLS)
    #expect(url.host == "abc.jobs.iot.eu-west-1.amazonaws.com")
    #expect(url.port == 443)
    #expect(url.basePath == "/base//x%20")
  }

  @Test(arguments: [
    ("http://127.0.0.1:8181", "127.0.0.1", 8181), ("http://h", "h", 80), ("http://h/", "h", 80),
    ("http://[::1]:9", "::1", 9), ("http://[::1]", "::1", 80),
  ])
  func `hosts and ports are read`(text: String, host: String, port: Int) throws {
    let url = try #require(UpstreamURL(text))
    #expect(url.host == host)
    #expect(url.port == port)
    #expect(url.basePath == "")
  }

  @Test(arguments: [
    "", "h", "ftp://h", "http://", "http:///x", "http://h:0", "http://h:65536", "http://h:",
    "http://u@h", "http://h?q", "http://h#f", "http://h/a b", "http://h/\r\n", "http://h.",
    "http://[::1", "http://::1", "http://[::1]x", "http://h/é",
  ])
  func `what is no endpoint is refused`(text: String) {
    #expect(UpstreamURL(text) == nil)
  }
}
