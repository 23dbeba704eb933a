// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Telemetry
import Testing

@testable import GatewayServer

struct AcceptedFormsTests {
  private func form(accept: String..., encoding: String? = nil) -> ScrapeForm {
    var headers = HTTPHeaders(accept.map { ("accept", $0) })
    if let encoding { headers.add(name: "accept-encoding", value: encoding) }
    return ScrapeForm(headers)
  }

  @Test(arguments: [
    // Prometheus 2.42 and 3.4, and the OpenTelemetry collector.
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "application/openmetrics-text", "APPLICATION/OpenMetrics-Text ; Q=1.000",
    "application/openmetrics-text;version=\"1.0.0\"", "text/plain, application/openmetrics-text",
    "text/plain;q=0,*/*;q=0.1,application/openmetrics-text;q=0.001", "application/*",
    "*/*;q=0.5, application/openmetrics-text",
  ])
  func `OpenMetrics goes to who wants it most`(accept: String) {
    #expect(self.form(accept: accept).format == .openMetrics)
  }

  @Test(arguments: [
    "", "*/*", "text/plain", "text/*", "text/html,application/xhtml+xml,*/*;q=0.8",
    "application/openmetrics-text;q=0", "application/openmetrics-text;q=0, */*",
    "application/openmetrics-text;version=2.0.0, text/plain;q=0.1",
    "application/openmetrics-text;q=0.4, text/plain;q=0.5", "application/json", "garbage;;=,,;q=",
    "application/openmetrics-text;q=2", "application/openmetrics-text;q=0.1234",
    "application/openmetrics-text;q=-1", "application/vnd.google.protobuf;proto=x", ";q=1", "q=1",
  ])
  func `the plain text goes to everybody else`(accept: String) {
    #expect(self.form(accept: accept).format == .prometheus)
  }

  @Test func `fields that are repeated are one list`() {
    #expect(
      self.form(accept: "text/plain;q=0.5", "application/openmetrics-text").format == .openMetrics)
    #expect(ScrapeForm(HTTPHeaders()) == ScrapeForm())
  }

  @Test(arguments: [
    ("gzip", true), ("gzip, deflate, br", true), ("GZIP;q=0.1", true), ("*", true),
    ("identity;q=0.5, gzip;q=0.5", true), ("identity;q=0, gzip;q=0.2", true),
    ("", false), ("identity", false), ("deflate", false), ("gzip;q=0", false),
    ("gzip;q=0, *", false), ("*;q=0", false), ("identity, gzip;q=0.5", false), ("xgzip", false),
  ])
  func `an answer is compressed for who asks for it`(encoding: String, isCompressed: Bool) {
    #expect(self.form(encoding: encoding).isCompressed == isCompressed)
  }
}
