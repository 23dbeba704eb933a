// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
package import AWSSigning
package import JobsAPI

/// Signs calls into URLs for others to make: what ``SignedJobs`` would send, with the signature in
/// the query instead of the headers.
///
/// Reads come out byte for byte as AWS's own client presigns them. Its URLs of the two writes cannot
/// be used, since they carry no body; here the body's hash is signed, and the body is part of what
/// the caller gets. Nothing is sent, and nothing is kept.
package struct JobsPresigner: CallPresigner {
  private static let contentType = (name: "content-type", value: "application/json")

  private let endpoint: HTTPURL
  private let region: String
  private let credentials: any CredentialProvider
  private let clock: WallClock
  private let offset: ClockOffset

  /// - Parameters:
  ///   - clock: gives the time that is signed, with `offset` on top, and what a credential's end is
  ///     judged by, without.
  package init(
    _ endpoint: HTTPURL, region: String, credentials: any CredentialProvider,
    clock: WallClock = .system, offset: ClockOffset = ClockOffset()
  ) {
    self.endpoint = endpoint
    self.region = region
    self.credentials = credentials
    self.clock = clock
    self.offset = offset
  }

  package func presign(
    _ request: PresignRequest
  ) async throws(JobsFailure) -> PresignedRequest {
    let violations = request.violations()
    guard violations.isEmpty else { throw JobsFailure(.invalid(violations)) }
    let credential: Credential
    do throws(CredentialError) {
      credential = try await self.credentials.credential()
    } catch {
      throw JobsFailure(.credentialsUnavailable(error.description))
    }
    let now = self.clock.epochSeconds
    guard !credential.isExpired(atSeconds: now) else {
      throw JobsFailure(.credentialsUnavailable("the credential has expired"))
    }
    let wish = request.expiresInSeconds ?? PresignRequest.defaultExpirySeconds
    // A URL dies with its credential. One that says otherwise would surprise whoever it is given to.
    let life = min(wish, (credential.expiresAtSeconds ?? .max) - now)
    do throws(SigningError) {
      return try self.sign(request, with: credential, at: now, life: life, isCutShort: life < wish)
    } catch {
      throw JobsFailure(error.cause)
    }
  }

  private func sign(
    _ request: PresignRequest, with credential: Credential, at now: Int64, life: Int64,
    isCutShort: Bool
  ) throws(SigningError) -> PresignedRequest {
    let time = SigningTime(epochSeconds: now).adding(seconds: self.offset.seconds)
    let rest = request.call.restRequest
    let headers = rest.body == nil ? [] : [Self.contentType]
    let target = Array("\(self.endpoint.basePath)\(rest.target)".utf8)
    // These are few, and a signer kept between them would need a lock.
    var signer = try RequestSigner(region: self.region)
    let url = try signer.presign(
      method: request.signedMethod, origin: self.endpoint.origin, target: target.span,
      host: self.endpoint.hostHeader, headers: headers, body: rest.body ?? [],
      expiresInSeconds: life, credential: credential, at: time)
    return PresignedRequest(
      url: url.text, method: request.signedMethod, headers: headers, body: rest.body,
      expiresAtSeconds: time.adding(seconds: life).epochSeconds, expiresInSeconds: life,
      isCutShort: isCutShort)
  }
}
