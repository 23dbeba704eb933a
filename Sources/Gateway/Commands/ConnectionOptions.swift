// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that tell how long callers' connections may wait and live, and what they may hold.
struct ConnectionOptions: ParsableArguments {
  @Option(help: .of(ConnectionSettings.connections)) var connectionLimit: String?
  @Option(help: .of(ConnectionSettings.streams)) var streamLimit: String?
  @Option(help: .of(ConnectionSettings.memory)) var memoryLimitBytes: String?
  @Option(help: .of(ConnectionSettings.connectionMemory)) var connectionMemoryLimitBytes: String?
  @Option(help: .of(ConnectionSettings.frameTimeout)) var frameTimeout: String?
  @Option(help: .of(ConnectionSettings.requestTimeout)) var requestTimeout: String?
  @Option(help: .of(ConnectionSettings.writeTimeout)) var writeTimeout: String?
  @Option(help: .of(ConnectionSettings.idleTimeout)) var connectionIdleTimeout: String?
  @Option(help: .of(ConnectionSettings.keepaliveInterval)) var keepaliveInterval: String?
  @Option(help: .of(ConnectionSettings.keepaliveTimeout)) var keepaliveTimeout: String?
  @Option(help: .of(ConnectionSettings.leastPingInterval)) var keepaliveLeastInterval: String?
  @Option(help: .of(ConnectionSettings.maxAge)) var connectionMaxAge: String?
  @Option(help: .of(ConnectionSettings.maxAgeGrace)) var connectionMaxAgeGrace: String?

  func add(to table: inout FlagTable) {
    table.take(ConnectionSettings.connections, self.connectionLimit)
    table.take(ConnectionSettings.streams, self.streamLimit)
    table.take(ConnectionSettings.memory, self.memoryLimitBytes)
    table.take(ConnectionSettings.connectionMemory, self.connectionMemoryLimitBytes)
    table.take(ConnectionSettings.frameTimeout, self.frameTimeout)
    table.take(ConnectionSettings.requestTimeout, self.requestTimeout)
    table.take(ConnectionSettings.writeTimeout, self.writeTimeout)
    table.take(ConnectionSettings.idleTimeout, self.connectionIdleTimeout)
    table.take(ConnectionSettings.keepaliveInterval, self.keepaliveInterval)
    table.take(ConnectionSettings.keepaliveTimeout, self.keepaliveTimeout)
    table.take(ConnectionSettings.leastPingInterval, self.keepaliveLeastInterval)
    table.take(ConnectionSettings.maxAge, self.connectionMaxAge)
    table.take(ConnectionSettings.maxAgeGrace, self.connectionMaxAgeGrace)
  }
}
