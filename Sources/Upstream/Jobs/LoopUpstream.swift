// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import NIOCore
import Transport

/// What one event loop needs to call AWS: its connections, its signer, its source of numbers.
/// It is touched in that loop alone.
final class LoopUpstream {
  let pool: LoopPool
  /// Where the requests of traced calls are said to go.
  let server: RequestSpan.Server
  private var writer: SignedRequestWriter
  private var random: DistinctNumbers

  init(
    _ configuration: UpstreamConfiguration, pool: LoopPool
  ) throws(SigningError) {
    self.pool = pool
    self.server = RequestSpan.Server(configuration.endpoint, region: configuration.region)
    self.writer = try SignedRequestWriter(
      endpoint: configuration.endpoint, region: configuration.region,
      userAgent: configuration.userAgent)
    var system = SystemRandomNumberGenerator()
    self.random = DistinctNumbers(seededBy: &system)
  }

  /// For a call that no policy repeats.
  func makeOnlyAttempt() -> CallAttempt {
    CallAttempt(number: 1, maximum: 1, invocation: RandomUUID(using: &self.random))
  }

  func write(
    _ request: RESTRequest, _ attempt: SignedRequestWriter.Attempt, in context: CallContext
  ) throws(SigningError) -> ByteBuffer {
    try self.writer.write(request, attempt, in: context)
  }
}

extension SigningError {
  /// What a call that cannot be signed fails with: nothing of it was sent.
  var cause: JobsFailure.Cause {
    switch self {
    case .invalidCredential, .invalidHeader(name: "x-amz-security-token"):
      .credentialsUnavailable("the credential holds bytes that no header can carry")
    case .crypto, .invalidTarget, .invalidHeader, .expiryOutOfRange:
      .unreachable("the request could not be signed")
    }
  }
}
