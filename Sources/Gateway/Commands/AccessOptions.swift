// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that say who may call what.
struct AccessOptions: ParsableArguments {
  @Option(help: .of(AccessSettings.policy)) var authorizationPolicy: String?
  @Option(help: .of(AccessSettings.mode)) var authorizationMode: String?
  @Option(help: .of(AccessSettings.tokens)) var tokenFile: String?
  @Option(help: .of(AccessSettings.audit)) var auditLog: String?

  func add(to table: inout FlagTable) {
    table.take(AccessSettings.policy, self.authorizationPolicy)
    table.take(AccessSettings.mode, self.authorizationMode)
    table.take(AccessSettings.tokens, self.tokenFile)
    table.take(AccessSettings.audit, self.auditLog)
  }
}
