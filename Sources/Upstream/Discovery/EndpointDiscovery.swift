// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
package import AWSSigning
package import JobsAPI

// Asks AWS IoT's control plane for the account's own endpoint of the jobs data plane. It knows one
// signed request and its answer; how often it is asked, and who waits, is not known here.

/// `iot:DescribeEndpoint`, asked once.
package struct EndpointDiscovery<Credentials: CredentialProvider>: Sendable {
  private let control: ServiceEndpoint
  private let fetcher: Fetcher
  private let credentials: Credentials
  private let clock: WallClock
  /// Who asked for hosts that meet FIPS; nil if nobody did.
  private let fips: SettingOrigin?
  /// A clock that is wrong must not keep the endpoint from being found: nobody would ever be called
  /// who could set the signatures right.
  private let offset = ClockOffset()

  /// - Parameter control: of the service ``AWSService/iot``.
  package init(
    at control: ServiceEndpoint, _ fetcher: Fetcher, credentials: Credentials,
    requiringFIPS fips: SettingOrigin? = nil, clock: WallClock = .system
  ) {
    self.control = control
    self.fetcher = fetcher
    self.credentials = credentials
    self.fips = fips
    self.clock = clock
  }

  /// The endpoint that AWS names. Bounded by the limits of a fetch, or of two where AWS's clock is
  /// another.
  package func endpoint() async throws(DiscoveryFailure) -> ServiceEndpoint {
    let response = try await self.response()
    let endpoint: ServiceEndpoint
    do throws(CredentialAnswerError) {
      endpoint = try DescribeEndpoint.endpoint(
        response.body, signingRegion: self.control.signingRegion,
        isSecure: self.control.url.isSecure)
    } catch {
      throw .unreadable(error)
    }
    // A rule that somebody must keep is not given up because an answer does not mention it.
    if let fips = self.fips, !endpoint.url.namesFIPS {
      throw .notFIPS(host: endpoint.url.host, askedBy: fips)
    }
    return endpoint
  }

  /// The answer of status 200; asked once more, by AWS's clock, if it refused for the time.
  private func response() async throws(DiscoveryFailure) -> UpstreamResponse {
    let signedAt = self.signingTime
    let first = try await self.ask(signedAt: signedAt)
    switch first {
    case .success(let response): return response
    case .failure(let refused):
      let blame = self.offset.refused(
        refused.refusal, date: refused.date, signedAt: signedAt, now: self.clock.epochSeconds)
      guard blame != .unblamed else { throw .refused(refused.refusal) }
    }
    switch try await self.ask(signedAt: self.signingTime) {
    case .success(let response): return response
    case .failure(let refused): throw .refused(refused.refusal)
    }
  }

  private struct Refused: Error {
    var refusal: AWSRefusal
    /// The answer's `Date`.
    var date: String?
  }

  private var signingTime: Int64 { self.clock.epochSeconds + self.offset.seconds }

  private func ask(
    signedAt epochSeconds: Int64
  ) async throws(DiscoveryFailure) -> Result<UpstreamResponse, Refused> {
    let credential: Credential
    do throws(CredentialError) {
      credential = try await self.credentials.credential()
    } catch {
      throw .noCredentials(error)
    }
    let response = try await self.fetch(
      try self.request(with: credential, signedAt: epochSeconds))
    guard response.head.status != 200 else { return .success(response) }
    let refusal = AWSRefusal(response.head, body: response.body.span)
    // So that the next search does not sign with it again.
    if refusal.kind == .credentialsExpired { self.credentials.rejected(credential) }
    return .failure(Refused(refusal: refusal, date: response.head.date))
  }

  private func request(
    with credential: Credential, signedAt epochSeconds: Int64
  ) throws(DiscoveryFailure) -> FetchRequest {
    var request = FetchRequest(.get, self.control.url, target: DescribeEndpoint.target)
    do throws(SigningError) {
      try request.sign(
        as: .iot, region: self.control.signingRegion, with: credential,
        at: SigningTime(epochSeconds: epochSeconds))
    } catch {
      throw .unsignable
    }
    return request
  }

  private func fetch(_ request: FetchRequest) async throws(DiscoveryFailure) -> UpstreamResponse {
    do throws(FetchFailure) {
      return try await self.fetcher.fetch(request)
    } catch {
      throw .noAnswer(error)
    }
  }
}

/// Why the account's endpoint is not known.
package enum DiscoveryFailure: Error, Equatable, Sendable {
  case noCredentials(CredentialError)
  /// The credential holds bytes that no header can carry.
  case unsignable
  case noAnswer(FetchFailure)
  case refused(AWSRefusal)
  case unreadable(CredentialAnswerError)
  case notFIPS(host: String, askedBy: SettingOrigin)

  /// For an operator and for callers. No secret stands in it.
  package var words: String {
    switch self {
    case .noCredentials(let error): "no AWS credentials: \(error)"
    case .unsignable: "the credential holds bytes that no header can carry"
    case .noAnswer(let failure): failure.words
    case .refused(let refusal): refusal.words
    case .unreadable(let error): "\(error)"
    case .notFIPS(let host, let fips):
      "\(fips) asks for FIPS, and AWS names \(host), whose name says nothing of it"
    }
  }
}
