// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that say where AWS is, how it is trusted, and what may wait for it.
struct UpstreamOptions: ParsableArguments {
  @Option(help: .of(UpstreamSettings.endpoint)) var upstreamEndpoint: String?
  @Option(help: .of(UpstreamSettings.region)) var region: String?
  @Flag(help: .of(UpstreamSettings.fips)) var upstreamFips = false
  @Flag(help: .of(UpstreamSettings.dualStack)) var upstreamDualStack = false
  @Option(help: .of(UpstreamSettings.caBundle)) var upstreamCaBundle: String?
  @Flag(help: .of(UpstreamSettings.skipVerification)) var upstreamInsecureSkipVerification = false
  @Option(help: .of(UpstreamSettings.connections)) var upstreamConnectionLimit: String?
  @Option(help: .of(UpstreamSettings.waiting)) var upstreamWaitingLimit: String?
  @Option(help: .of(UpstreamSettings.warm)) var upstreamWarmConnections: String?
  @Option(help: .of(UpstreamSettings.idle)) var upstreamIdleTimeout: String?
  @Option(help: .of(UpstreamSettings.maxAge)) var upstreamMaxAge: String?
  @Option(help: .of(UpstreamSettings.keepalive)) var upstreamTcpKeepalive: String?
  @Option(help: .of(UpstreamSettings.connect)) var upstreamConnectTimeout: String?
  @Option(help: .of(UpstreamSettings.handshake)) var upstreamTlsTimeout: String?
  @Option(help: .of(UpstreamSettings.firstByte)) var upstreamFirstByteTimeout: String?
  @Option(help: .of(UpstreamSettings.attempt)) var upstreamAttemptTimeout: String?
  @Option(help: .of(UpstreamSettings.body)) var upstreamResponseLimitBytes: String?

  func add(to table: inout FlagTable) {
    table.take(UpstreamSettings.endpoint, self.upstreamEndpoint)
    table.take(UpstreamSettings.region, self.region)
    table.take(UpstreamSettings.fips, self.upstreamFips)
    table.take(UpstreamSettings.dualStack, self.upstreamDualStack)
    table.take(UpstreamSettings.caBundle, self.upstreamCaBundle)
    table.take(UpstreamSettings.skipVerification, self.upstreamInsecureSkipVerification)
    table.take(UpstreamSettings.connections, self.upstreamConnectionLimit)
    table.take(UpstreamSettings.waiting, self.upstreamWaitingLimit)
    table.take(UpstreamSettings.warm, self.upstreamWarmConnections)
    table.take(UpstreamSettings.idle, self.upstreamIdleTimeout)
    table.take(UpstreamSettings.maxAge, self.upstreamMaxAge)
    table.take(UpstreamSettings.keepalive, self.upstreamTcpKeepalive)
    table.take(UpstreamSettings.connect, self.upstreamConnectTimeout)
    table.take(UpstreamSettings.handshake, self.upstreamTlsTimeout)
    table.take(UpstreamSettings.firstByte, self.upstreamFirstByteTimeout)
    table.take(UpstreamSettings.attempt, self.upstreamAttemptTimeout)
    table.take(UpstreamSettings.body, self.upstreamResponseLimitBytes)
  }
}
