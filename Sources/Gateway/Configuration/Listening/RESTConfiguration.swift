// SPDX-License-Identifier: Apache-2.0

import Transport

/// Where AWS's own clients come in, and what they prove; read and checked as a whole.
struct RESTConfiguration: Sendable {
  var addresses: [CallerAddress]
  /// Nil if nobody has to sign.
  var keyPath: String?

  /// Nil if there is no such listener.
  init?(_ reader: SettingsReader) throws(ConfigurationError) {
    let addresses = try reader.optional(RESTSettings.addresses)
    let authentication = try reader.value(RESTSettings.authentication)
    self.keyPath = try reader.optional(RESTSettings.keys)
    let isAuthenticationSet = try reader.sourced(RESTSettings.authentication) != nil
    guard let addresses else {
      // Whoever sets one of these believes that something is served.
      if self.keyPath != nil { throw .refused("--rest-key-file: there is no --rest-listen") }
      if isAuthenticationSet {
        throw .refused("--rest-authentication: there is no --rest-listen")
      }
      return nil
    }
    self.addresses = addresses
    switch authentication {
    case .signature:
      guard self.keyPath != nil else {
        throw .missing(
          name: RESTSettings.keys.name,
          why: "--rest-listen asks for signatures; without, say --rest-authentication none")
      }
    case .none:
      if self.keyPath != nil {
        throw .refused("--rest-key-file: --rest-authentication none looks at no signature")
      }
      if let exposed = addresses.first(where: { !$0.address.isLoopback }) {
        throw .refused(
          "--rest-listen \(exposed.address): other machines would reach it, and "
            + "--rest-authentication none lets everybody in")
      }
    }
  }
}
