// SPDX-License-Identifier: Apache-2.0

/// Who makes a streamed call, for calls that not everybody may make.
struct StreamedCaller {
  let requestID: String
  /// Nil when neither a policy nor the audit log asks who calls.
  let access: ConnectionAccess?
  let authorization: AuthorizationMetadata
}
