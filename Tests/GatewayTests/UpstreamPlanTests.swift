// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import CryptoEngine
import Testing
import Transport
import Upstream

@testable import iot_jobs_gateway

@Suite struct UpstreamPlanTests {
  private func plan(
    _ flags: [String: String] = [:], _ environment: [String: String] = [:],
    file: [String: String] = [:]
  ) throws -> UpstreamPlan {
    let region = ["AWS_REGION": "eu-west-1"]
    return try UpstreamPlan(
      SettingsReader(
        flags: flags, environment: environment.merging(region) { given, _ in given },
        file: SettingsFile(path: "g.yaml", values: file)))
  }

  private func complaint(
    _ flags: [String: String] = [:], _ environment: [String: String] = [:]
  ) -> String? {
    do {
      _ = try self.plan(flags, environment)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `our flag beats our variable, that our file, and that AWS's variables`() throws {
    let flag = ["upstream-endpoint": "http://flag"]
    let ours = ["IOT_JOBS_GATEWAY_UPSTREAM_ENDPOINT": "http://variable"]
    let theirs = [
      "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE": "http://service", "AWS_ENDPOINT_URL": "http://all",
    ]
    let both = ours.merging(theirs) { $1 }
    let file = ["upstream-endpoint": "http://file"]
    let cases: [([String: String], [String: String], [String: String], String, String)] = [
      (flag, both, file, "http://flag", "--upstream-endpoint"),
      ([:], both, file, "http://variable", "IOT_JOBS_GATEWAY_UPSTREAM_ENDPOINT"),
      ([:], theirs, file, "http://file", "g.yaml: upstream-endpoint"),
      ([:], theirs, [:], "http://service", "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE"),
      ([:], ["AWS_ENDPOINT_URL": "http://all"], [:], "http://all", "AWS_ENDPOINT_URL"),
    ]
    for (flags, environment, file, url, origin) in cases {
      guard case .known(let endpoint) = try self.plan(flags, environment, file: file).target else {
        Issue.record("\(url) is not known")
        continue
      }
      #expect(endpoint.url.text == url)
      #expect("\(endpoint.origin)" == origin)
      #expect(endpoint.signingRegion == "eu-west-1")
    }
  }

  @Test(arguments: [
    ("eu-west-1", 0), ("us-gov-west-1", 0), ("eu-west1", 1), ("eu-west-1a", 1), ("europe", 1),
  ])
  func `a region that is named like none is a warning`(region: String, count: Int) throws {
    let warnings = try self.plan(["region": region]).warnings.filter {
      $0.details["region"] == region
    }
    #expect(warnings.count == count)
  }

  @Test func `without an endpoint the control plane is asked`() throws {
    guard case .discovered(let control) = try self.plan().target else {
      return #expect(Bool(false), "the endpoint is known")
    }
    #expect(control.url.text == "https://iot.eu-west-1.amazonaws.com")
    #expect(control.signingName == "iot")
    let elsewhere = try self.plan([:], ["AWS_ENDPOINT_URL_IOT": "http://127.0.0.1:1"])
    #expect(elsewhere.target.firstURL.text == "http://127.0.0.1:1")
    let ignored = try self.plan(
      [:], ["AWS_ENDPOINT_URL": "http://x", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"])
    #expect(ignored.target.firstURL.text == "https://iot.eu-west-1.amazonaws.com")
  }

  @Test func `the word default is the region's host, whatever AWS's variables say`() throws {
    let plan = try self.plan(["upstream-endpoint": "default"], ["AWS_ENDPOINT_URL": "http://x"])
    #expect(plan.target.firstURL.text == "https://data.jobs.iot.eu-west-1.amazonaws.com")
    #expect(
      plan.warnings.map(\.message) == ["the region's default host is used, which AWS refuses"])
    let fips = try self.plan(["upstream-endpoint": "default", "upstream-fips": "true"])
    #expect(fips.target.firstURL.text == "https://data.jobs.iot-fips.eu-west-1.amazonaws.com")
  }

  @Test func `our region beats AWS's, and one there must be`() throws {
    let plan = try self.plan(["region": "us-west-2"])
    #expect(plan.target.firstURL.host == "iot.us-west-2.amazonaws.com")
    #expect(self.complaint(["region": "a b"]) == "--region: \"a b\" is not \(AWSRegion.rule)")
    let none = self.complaint([:], ["AWS_REGION": ""])
    #expect(none?.contains("--region or AWS_REGION") == true)
  }

  @Test func `a secret in a URL is not repeated`() {
    let said = self.complaint(["upstream-endpoint": "https://user:hunter2@host"])
    #expect(said?.hasPrefix("--upstream-endpoint: ") == true)
    #expect(said?.contains("hunter2") == false)
  }

  @Test func `FIPS is not given up for a host that does not say it`() throws {
    let said = self.complaint(["upstream-endpoint": "https://h", "upstream-fips": "true"])
    #expect(said?.contains("--upstream-fips asks for FIPS") == true)
    #expect(
      self.complaint(["upstream-endpoint": "https://a.iot-fips.h", "upstream-fips": "true"]) == nil)
    // What the flag says no to, the environment does not bring back.
    let off = try self.plan(
      ["upstream-endpoint": "https://h", "upstream-fips": "false"],
      ["AWS_USE_FIPS_ENDPOINT": "true"])
    #expect(off.aws.usesFIPS.value == false)
  }

  @Test func `whom to trust is ours, then AWS's, then the system's`() throws {
    let theirs = ["AWS_CA_BUNDLE": "/theirs"]
    #expect(try self.plan(["upstream-ca-bundle": "/ours"], theirs).trust == .file(path: "/ours"))
    #expect(try self.plan([:], theirs).trust == .file(path: "/theirs"))
    #expect(try self.plan().trust == .system)
  }

  @Test func `each way to lose secrets is warned of`() throws {
    let endpoint = "upstream-endpoint"
    let skip = "upstream-insecure-skip-verification"
    #expect(try self.plan([endpoint: "http://127.0.0.1:1"]).warnings == [])
    #expect(try self.plan([endpoint: "https://h"]).warnings == [])
    #expect(try self.plan([endpoint: "http://h"]).warnings.count == 1)
    #expect(try self.plan([endpoint: "https://h", skip: "true"]).warnings.count == 1)
    #expect(
      try self.plan([endpoint: "https://h", "upstream-dual-stack": "true"]).warnings.count == 1)
    #expect(try self.plan([:], ["AWS_USE_FIPS_ENDPOINT": "1"]).warnings.count == 1)
  }

  @Test func `the proxy is the environment's, and speaks plainly with us`() throws {
    let url = try #require(HTTPURL("https://h"))
    let plan = try self.plan([:], ["HTTPS_PROXY": "http://u:p@proxy:3128", "NO_PROXY": "b"])
    #expect(plan.proxy(for: url).map { "\($0)" } == "proxy:3128")
    #expect(plan.proxy(for: try #require(HTTPURL("https://a.b"))) == nil)
    let said = self.complaint(["upstream-endpoint": "https://h"], ["HTTPS_PROXY": "https://p"])
    #expect(said?.contains("HTTPS_PROXY") == true)
  }

  @Test func `limits over all threads are shared out, and never to nothing`() throws {
    let plan = try self.plan([
      "upstream-endpoint": "https://h", "upstream-connection-limit": "2",
      "upstream-waiting-limit": "5",
    ])
    guard case .known(let endpoint) = plan.target else { return }
    let configuration = plan.upstreamConfiguration(endpoint, threads: 4)
    #expect(configuration.pool.maxConnections == 1)
    #expect(configuration.pool.maxWaiting == 2)
  }
}
