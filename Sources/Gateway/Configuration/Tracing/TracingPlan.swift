// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration

/// Who collects the traces of which calls; nil in the configuration if nobody does.
struct TracingPlan: Sendable {
  var endpoint: HTTPURL
  var ratio: Double
  var headers: [TracingHeader]
  /// With the name of whoever named it.
  var caBundle: Sourced<String>?
  var serviceName: String
  var attributes: [TracingAttribute]
  var queueLimit: Int
  var batchLimit: Int
  var batchDelay: Duration
  var timeout: Duration

  /// Nil if no endpoint is set; what else is set is read all the same, so that a slip is found.
  static func read(_ reader: SettingsReader) throws(ConfigurationError) -> TracingPlan? {
    let endpoint = try reader.optional(TracingSettings.endpoint).flatMap { HTTPURL($0) }
    let ratio = try reader.value(TracingSettings.ratio)
    let headers = try reader.optional(TracingSettings.headers) ?? []
    let caBundle = try reader.sourced(TracingSettings.caBundle)
    let serviceName = try reader.value(TracingSettings.serviceName)
    let attributes = try reader.optional(TracingSettings.attributes) ?? []
    let queueLimit = try reader.value(TracingSettings.queueLimit)
    let batchLimit = try reader.value(TracingSettings.batchLimit)
    let batchDelay = try reader.value(TracingSettings.batchDelay)
    let timeout = try reader.value(TracingSettings.timeout)
    guard let endpoint else { return nil }
    return TracingPlan(
      endpoint: endpoint, ratio: ratio, headers: headers, caBundle: caBundle,
      serviceName: serviceName, attributes: attributes, queueLimit: queueLimit,
      batchLimit: batchLimit, batchDelay: batchDelay, timeout: timeout)
  }

  /// Where spans are sent below the endpoint; nil for the endpoint's own path.
  var target: String? { self.endpoint.basePath.isEmpty ? "/v1/traces" : nil }
}
