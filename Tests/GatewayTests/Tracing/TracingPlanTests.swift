// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import Testing

@testable import iot_jobs_gateway

struct TracingPlanTests {
  private func plan(_ flags: [String: String]) throws -> TracingPlan? {
    try TracingPlan.read(SettingsReader(flags: flags, environment: [:], file: nil))
  }

  @Test func `without an endpoint nothing is traced`() throws {
    #expect(try self.plan([:])?.ratio == nil)
    #expect(try self.plan(["tracing-ratio": "0.5"])?.ratio == nil)
    #expect(throws: ConfigurationError.self) { try self.plan(["tracing-ratio": "2"]) }
  }

  @Test func `the defaults are those of OpenTelemetry`() throws {
    let plan = try #require(try self.plan(["tracing-endpoint": "http://collector:4318"]))
    #expect(plan.ratio == 1 && plan.serviceName == "iot-jobs-gateway")
    #expect(plan.queueLimit == 2_048 && plan.batchLimit == 512)
    #expect(plan.batchDelay == .seconds(5) && plan.timeout == .seconds(10))
    #expect(plan.headers.isEmpty && plan.attributes.isEmpty && plan.caBundle == nil)
  }

  @Test(arguments: [
    ("http://c:4318", "/v1/traces"), ("http://c:4318/", "/v1/traces"),
    ("https://c/otlp/v1/traces", nil), ("https://c/otlp", nil),
  ])
  func `a URL without a path has the usual one`(url: String, target: String?) throws {
    #expect(try #require(try self.plan(["tracing-endpoint": url])).target == target)
  }

  @Test func `pairs are read as the environment of OpenTelemetry has them`() throws {
    let plan = try #require(
      try self.plan([
        "tracing-endpoint": "http://c",
        "tracing-headers": "authorization=Bearer%20a=b , x-tenant=%31,empty=",
        "tracing-attributes": "deployment.environment.name=test",
      ]))
    #expect(
      plan.headers == [
        TracingHeader(name: "authorization", value: Secret("Bearer a=b")),
        TracingHeader(name: "x-tenant", value: Secret("1")),
        TracingHeader(name: "empty", value: Secret("")),
      ])
    #expect(
      plan.attributes == [TracingAttribute(name: "deployment.environment.name", value: "test")])
  }

  @Test(arguments: [
    "", "a", "=b", "a=b,", ",a=b", "a b=c", "a:=b", "a=%", "a=%2", "a=%+1", "a=%zz", "a=%0a",
    "a=b%0d%0ax: y", "a=é", "a=%ff",
  ])
  func `what is no pair, or could end a line, is refused without being shown`(text: String) {
    let flags = ["tracing-endpoint": "http://c", "tracing-headers": text]
    do {
      _ = try self.plan(flags)
      Issue.record("taken")
    } catch {
      #expect(!"\(error)".contains("Bearer") && "\(error)".contains("tracing-headers"))
      #expect("\(error)".contains("the value is not"))
    }
  }

  @Test(arguments: [
    "https://user:hunter2@collector", "https://collector/v1/traces?key=hunter2",
    "https://collector#hunter2",
  ])
  func `a URL that is refused does not show what may be a password or a key`(url: String) {
    for name in ["tracing-endpoint", "upstream-endpoint"] {
      let reader = SettingsReader(
        flags: ["region": "us-east-1", name: url], environment: [:], file: nil)
      let error = #expect(throws: ConfigurationError.self) { try ServeConfiguration(reader) }
      #expect(error?.description.contains("--\(name): \"") == true)
      #expect(error?.description.contains("hunter2") == false)
    }
  }

  @Test(arguments: ["-0.1", "1.1", "x", "", "1e-2", "nan"])
  func `a ratio is a number from 0 to 1`(text: String) {
    let flags = ["tracing-endpoint": "http://c", "tracing-ratio": text]
    #expect(throws: ConfigurationError.self) { try self.plan(flags) }
  }
}
