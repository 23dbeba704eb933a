// SPDX-License-Identifier: Apache-2.0

import Authorization
import GatewayServer

/// Who may call what, and what is written of it; read and checked as a whole.
struct AccessConfiguration: Equatable, Sendable {
  var policyPath: String?
  var tokenPath: String?
  var mode: AuthorizationMode
  var isAudited: Bool
  /// The kinds of names that a caller can have here.
  var callerKinds: Set<CallerIdentity.Kind>

  /// - Parameter callerKinds: those that listeners find out.
  init(
    _ reader: SettingsReader, callerKinds: Set<CallerIdentity.Kind>
  ) throws(ConfigurationError) {
    self.policyPath = try reader.optional(AccessSettings.policy)
    self.tokenPath = try reader.optional(AccessSettings.tokens)
    self.mode = try reader.value(AccessSettings.mode)
    self.isAudited =
      switch try reader.value(AccessSettings.audit) {
      case .auto: self.policyPath != nil
      case .on: true
      case .off: false
      }
    self.callerKinds = callerKinds
    if self.tokenPath != nil { self.callerKinds.insert(.token) }
    let isModeSet = try reader.sourced(AccessSettings.mode) != nil
    try self.check(isModeSet: isModeSet)
  }

  /// Whoever sets one of these believes that something is guarded. So what guards nothing, or lets
  /// nobody in, is a mistake.
  private func check(isModeSet: Bool) throws(ConfigurationError) {
    guard self.policyPath != nil else {
      if self.tokenPath != nil {
        throw .refused("--token-file: no --authorization-policy says what the tokens are for")
      }
      if isModeSet { throw .refused("--authorization-mode: there is no --authorization-policy") }
      return
    }
    guard !self.callerKinds.isEmpty else {
      throw .refused(
        "--authorization-policy: no caller can be known; listen on unix:PATH or on tls: with "
          + "--tls-client-ca, or set --token-file or --rest-key-file")
    }
  }
}
