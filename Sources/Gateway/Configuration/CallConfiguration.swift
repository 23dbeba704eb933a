// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import HTTP2Engine

/// What one call may cost, as ``CallSettings`` have it.
struct CallConfiguration: Sendable {
  var limits: CallLimits
  var metadataLimitBytes: Int
  var metadataLimitFields: Int

  init(_ reader: SettingsReader) throws(ConfigurationError) {
    self.limits = CallLimits(
      requestBytes: try reader.value(CallSettings.requestLimit),
      compressAboveBytes: try reader.value(CallSettings.compressAbove))
    self.metadataLimitBytes = try reader.value(CallSettings.metadataBytes)
    self.metadataLimitFields = try reader.value(CallSettings.metadataFields)
  }

  /// Metadata is refused where the header list is read.
  func apply(to limits: inout HTTP2Limits) {
    limits.maxHeaderListBytes = self.metadataLimitBytes
    limits.maxHeaderFields = self.metadataLimitFields
  }
}
