// SPDX-License-Identifier: Apache-2.0

import AWSSigning

extension WebIdentityPlan {
  /// Nil if neither the environment nor the profile names a token file. Each variable beats the
  /// profile's key of the same meaning.
  init?(_ environment: AWSEnvironment, _ profile: Profile) throws(AWSConfigurationError) {
    let file =
      environment.sourced("AWS_WEB_IDENTITY_TOKEN_FILE")
      ?? profile.sourced("web_identity_token_file")
    guard let file else { return nil }
    guard let role = environment.sourced("AWS_ROLE_ARN") ?? profile.sourced("role_arn") else {
      throw .incomplete(file.origin, missing: "AWS_ROLE_ARN")
    }
    let sessionName =
      environment.sourced("AWS_ROLE_SESSION_NAME") ?? profile.sourced("role_session_name")
    self.roleARN = try STSLimits.roleARN(role)
    self.sessionName = try sessionName.map(STSLimits.sessionName)
    self.tokenFile = file.value
    self.origin = file.origin
  }
}

extension ProcessPlan {
  /// Nil if the profile has no `credential_process`.
  init?(_ profile: Profile) throws(AWSConfigurationError) {
    guard let line = profile.sourced("credential_process") else { return nil }
    guard let words = ShellWords.split(line.value), let program = words.first, !program.isEmpty
    else {
      throw .invalid(line.origin, rule: "a command with its quotes closed")
    }
    self.command = words.map { Secret($0) }
    self.origin = line.origin
  }
}
