// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that tell what one call may cost.
struct CallOptions: ParsableArguments {
  @Option(help: .of(CallSettings.requestLimit)) var requestLimitBytes: String?
  @Option(help: .of(CallSettings.metadataBytes)) var metadataLimitBytes: String?
  @Option(help: .of(CallSettings.metadataFields)) var metadataLimitFields: String?
  @Option(help: .of(CallSettings.compressAbove)) var compressAboveBytes: String?

  func add(to table: inout FlagTable) {
    table.take(CallSettings.requestLimit, self.requestLimitBytes)
    table.take(CallSettings.metadataBytes, self.metadataLimitBytes)
    table.take(CallSettings.metadataFields, self.metadataLimitFields)
    table.take(CallSettings.compressAbove, self.compressAboveBytes)
  }
}
