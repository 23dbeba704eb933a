// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags of `serve`. Their values stay texts: one place reads flags, variables and file alike.
struct ServeOptions: ParsableArguments {
  @Option(help: .of(ServeSettings.listen)) var listen: [String] = []
  @Option(help: .of(ServeSettings.adminListen)) var adminListen: String?
  @Flag(help: .of(SharedSettings.allowInsecureRemote)) var allowInsecureRemote = false
  @Option(help: .of(ServeSettings.upstreamEndpoint)) var upstreamEndpoint: String?
  @Option(help: .of(ServeSettings.region)) var region: String?
  @Option(help: .of(ServeSettings.requestLimit)) var requestLimitBytes: String?
  @Option(help: .of(ServeSettings.connections)) var connectionLimit: String?
  @Option(help: .of(ServeSettings.streams)) var streamLimit: String?
  @Option(help: .of(ServeSettings.upstreamConnections)) var upstreamConnectionLimit: String?
  @Option(help: .of(ServeSettings.upstreamWaiting)) var upstreamWaitingLimit: String?
  @Option(help: .of(ServeSettings.upstreamIdle)) var upstreamIdleTimeout: String?
  @Option(help: .of(ServeSettings.upstreamConnect)) var upstreamConnectTimeout: String?
  @Option(help: .of(ServeSettings.upstreamAttempt)) var upstreamAttemptTimeout: String?
  @Option(help: .of(ServeSettings.upstreamBody)) var upstreamResponseLimitBytes: String?
  @OptionGroup var traffic: TrafficOptions
  @Option(help: .of(SharedSettings.config)) var config: String?
  @OptionGroup var process: ProcessOptions

  var flags: FlagTable {
    var table = self.process.flags
    table.take(SharedSettings.config, self.config)
    table.take(ServeSettings.listen, self.listen)
    table.take(ServeSettings.adminListen, self.adminListen)
    table.take(SharedSettings.allowInsecureRemote, self.allowInsecureRemote)
    table.take(ServeSettings.upstreamEndpoint, self.upstreamEndpoint)
    table.take(ServeSettings.region, self.region)
    table.take(ServeSettings.requestLimit, self.requestLimitBytes)
    table.take(ServeSettings.connections, self.connectionLimit)
    table.take(ServeSettings.streams, self.streamLimit)
    table.take(ServeSettings.upstreamConnections, self.upstreamConnectionLimit)
    table.take(ServeSettings.upstreamWaiting, self.upstreamWaitingLimit)
    table.take(ServeSettings.upstreamIdle, self.upstreamIdleTimeout)
    table.take(ServeSettings.upstreamConnect, self.upstreamConnectTimeout)
    table.take(ServeSettings.upstreamAttempt, self.upstreamAttemptTimeout)
    table.take(ServeSettings.upstreamBody, self.upstreamResponseLimitBytes)
    self.traffic.add(to: &table)
    return table
  }
}
