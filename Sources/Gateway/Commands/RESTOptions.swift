// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags of the door for AWS's own clients.
struct RESTOptions: ParsableArguments {
  @Option(help: .of(RESTSettings.addresses)) var restListen: [String] = []
  @Option(help: .of(RESTSettings.authentication)) var restAuthentication: String?
  @Option(help: .of(RESTSettings.keys)) var restKeyFile: String?

  func add(to table: inout FlagTable) {
    table.take(RESTSettings.addresses, self.restListen)
    table.take(RESTSettings.authentication, self.restAuthentication)
    table.take(RESTSettings.keys, self.restKeyFile)
  }
}
