// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags of `serve`. Their values stay texts: one place reads flags, variables and file alike.
struct ServeOptions: ParsableArguments {
  @OptionGroup var listening: ListenOptions
  @OptionGroup var rest: RESTOptions
  @OptionGroup var access: AccessOptions
  @OptionGroup var upstream: UpstreamOptions
  @OptionGroup var calls: CallOptions
  @OptionGroup var connections: ConnectionOptions
  @Option(help: .of(ReflectionSettings.reflection)) var reflection: String?
  @Flag(help: .of(PresignSettings.presign)) var presign = false
  @OptionGroup var traffic: TrafficOptions
  @OptionGroup var failure: FailureOptions
  @OptionGroup var watching: WatchOptions
  @OptionGroup var callLog: CallLogOptions
  @OptionGroup var tracing: TracingOptions
  @Option(help: .of(ReloadSettings.interval)) var reloadInterval: String?
  @Option(help: .of(SharedSettings.config)) var config: String?
  @OptionGroup var process: ProcessOptions

  var flags: FlagTable {
    var table = self.process.flags
    table.take(SharedSettings.config, self.config)
    self.listening.add(to: &table)
    self.connections.add(to: &table)
    table.take(ReflectionSettings.reflection, self.reflection)
    table.take(PresignSettings.presign, self.presign)
    table.take(ReloadSettings.interval, self.reloadInterval)
    self.rest.add(to: &table)
    self.access.add(to: &table)
    self.upstream.add(to: &table)
    self.calls.add(to: &table)
    self.traffic.add(to: &table)
    self.failure.add(to: &table)
    self.watching.add(to: &table)
    self.callLog.add(to: &table)
    self.tracing.add(to: &table)
    return table
  }
}
