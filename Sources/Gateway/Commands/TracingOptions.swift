// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that say which calls are traced, and who collects the traces.
struct TracingOptions: ParsableArguments {
  @Option(help: .of(TracingSettings.endpoint)) var tracingEndpoint: String?
  @Option(help: .of(TracingSettings.ratio)) var tracingRatio: String?
  @Option(help: .of(TracingSettings.headers)) var tracingHeaders: String?
  @Option(help: .of(TracingSettings.caBundle)) var tracingCaBundle: String?
  @Option(help: .of(TracingSettings.serviceName)) var tracingServiceName: String?
  @Option(help: .of(TracingSettings.attributes)) var tracingAttributes: String?
  @Option(help: .of(TracingSettings.queueLimit)) var tracingQueueLimit: String?
  @Option(help: .of(TracingSettings.batchLimit)) var tracingBatchLimit: String?
  @Option(help: .of(TracingSettings.batchDelay)) var tracingBatchDelay: String?
  @Option(help: .of(TracingSettings.timeout)) var tracingTimeout: String?

  func add(to table: inout FlagTable) {
    table.take(TracingSettings.endpoint, self.tracingEndpoint)
    table.take(TracingSettings.ratio, self.tracingRatio)
    table.take(TracingSettings.headers, self.tracingHeaders)
    table.take(TracingSettings.caBundle, self.tracingCaBundle)
    table.take(TracingSettings.serviceName, self.tracingServiceName)
    table.take(TracingSettings.attributes, self.tracingAttributes)
    table.take(TracingSettings.queueLimit, self.tracingQueueLimit)
    table.take(TracingSettings.batchLimit, self.tracingBatchLimit)
    table.take(TracingSettings.batchDelay, self.tracingBatchDelay)
    table.take(TracingSettings.timeout, self.tracingTimeout)
  }
}
