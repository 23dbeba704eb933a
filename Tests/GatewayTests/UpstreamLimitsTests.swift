// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import Testing
import Transport
import Upstream

@testable import iot_jobs_gateway

@Suite struct UpstreamLimitsTests {
  private func configuration(
    _ flags: [String: String], threads: Int = 1
  ) throws -> UpstreamConfiguration {
    let limits = try UpstreamLimits(SettingsReader(flags: flags, environment: [:], file: nil))
    var configuration = try self.unset
    limits.apply(to: &configuration, threads: threads)
    return configuration
  }

  private var unset: UpstreamConfiguration {
    get throws {
      let url = try #require(HTTPURL("https://abc.jobs.iot.eu-west-1.amazonaws.com"))
      return UpstreamConfiguration(endpoint: url, region: "eu-west-1")
    }
  }

  @Test func `the defaults are those of two loops`() throws {
    var expected = try self.unset
    expected.pool.maxWaiting = 500
    #expect(try self.configuration([:], threads: 2) == expected)
  }

  @Test func `each limit is read into its own place`() throws {
    let read = try self.configuration([
      "upstream-connection-limit": "7", "upstream-waiting-limit": "8",
      "upstream-warm-connections": "3", "upstream-idle-timeout": "9s", "upstream-max-age": "10s",
      "upstream-tcp-keepalive": "11s", "upstream-connect-timeout": "12s",
      "upstream-tls-timeout": "13s", "upstream-first-byte-timeout": "14s",
      "upstream-attempt-timeout": "15s", "upstream-response-limit-bytes": "16000",
    ])
    var expected = try self.unset
    expected.pool.maxConnections = 7
    expected.pool.maxWaiting = 8
    expected.pool.warmConnections = 3
    expected.pool.idleTimeout = .seconds(9)
    expected.pool.maxAge = .seconds(10)
    expected.keepalive?.idle = .seconds(11)
    expected.connectTimeout = .seconds(12)
    expected.handshakeTimeout = .seconds(13)
    expected.firstByteTimeout = .seconds(14)
    expected.attemptTimeout = .seconds(15)
    expected.maxBodyBytes = 16_000
    #expect(read == expected)
  }

  @Test func `what may be switched off is nil`() throws {
    let read = try self.configuration(["upstream-max-age": "0s", "upstream-tcp-keepalive": "0s"])
    #expect(read.pool.maxAge == nil)
    #expect(read.keepalive == nil)
  }

  @Test func `more threads than connections have one each`() throws {
    let read = try self.configuration(["upstream-connection-limit": "2"], threads: 5)
    #expect(read.pool.maxConnections == 1)
  }
}
