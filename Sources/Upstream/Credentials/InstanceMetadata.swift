// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI

extension CredentialChain {
  /// - Throws: what went wrong the last time, if the settings allow for more than one attempt.
  func ask(_ settings: InstanceMetadataSettings) async throws(CredentialError) -> Credential {
    let service = InstanceMetadata(
      settings: settings, fetcher: self.fetcher, cache: self.metadataToken, clock: self.clock)
    for _ in 1..<settings.attempts {
      if let credential = try? await service.credential() { return credential }
    }
    return try await service.credential()
  }
}

/// The metadata service of an EC2 instance: a session's token, the role's name, its credentials.
/// Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
struct InstanceMetadata {
  /// How the questions that follow are authorized.
  private enum Session {
    case token(Secret, isKept: Bool)
    /// The service has no tokens, as it was in its first version.
    case none
    /// It was connected to and never answered: the sign of an answer that may not travel as far as
    /// into a container.
    case unanswered
  }

  private static let rolePath = "/latest/meta-data/iam/security-credentials/"

  let settings: InstanceMetadataSettings
  let fetcher: Fetcher
  let cache: InstanceMetadataToken
  let clock: WallClock

  func credential() async throws(CredentialError) -> Credential {
    var session = try await self.session()
    var answer = try await self.get(Self.rolePath, in: session)
    if answer.head.status == 401, case .token(_, isKept: true) = session {
      self.cache.drop()
      session = try await self.session()
      answer = try await self.get(Self.rolePath, in: session)
    }
    guard answer.head.status != 404 else { throw self.failure("the instance has no role") }
    let role = try self.roleName(try self.body(of: answer, in: session))
    let body = try self.body(
      of: try await self.get(Self.rolePath + role, in: session), in: session)
    do throws(CredentialAnswerError) {
      return try CredentialAnswer.instanceMetadata(body)
    } catch {
      throw self.failure("\(error)")
    }
  }

  // MARK: Questions

  private func session() async throws(CredentialError) -> Session {
    if let token = self.cache.token(atSeconds: self.clock.epochSeconds) {
      return .token(token, isKept: true)
    }
    var request = FetchRequest(.put, self.settings.endpoint, target: "/latest/api/token")
    request.add(
      "X-aws-ec2-metadata-token-ttl-seconds", Secret("\(InstanceMetadataToken.lifeSeconds)"))
    let response: UpstreamResponse
    do throws(FetchFailure) {
      response = try await self.fetch(request)
    } catch {
      guard error == .exchange(.timedOut(requestSent: true)) else {
        throw self.failure("\(error.words)\(Self.elsewhere)")
      }
      guard !self.settings.requiresToken else { throw self.unanswered }
      return .unanswered
    }
    switch response.head.status {
    case 200:
      guard
        let token = ContainerPlan.headerValue(String(decoding: response.body, as: UTF8.self))
      else { throw self.failure("its token is not \(ContainerPlan.tokenRule)") }
      self.cache.keep(token, atSeconds: self.clock.epochSeconds)
      return .token(token, isKept: false)
    case 403, 404, 405:
      // Tokens are not spoken of there: the service is of the first version, or forbids the second.
      guard self.settings.requiresToken else { return .none }
      fallthrough
    default:
      throw self.failure("it answered \(response.head.status) to the question for a token")
    }
  }

  private func get(
    _ target: String, in session: Session
  ) async throws(CredentialError) -> UpstreamResponse {
    var request = FetchRequest(.get, self.settings.endpoint, target: target)
    if case .token(let token, _) = session { request.add("X-aws-ec2-metadata-token", token) }
    do throws(FetchFailure) {
      return try await self.fetch(request)
    } catch {
      if case .unanswered = session { throw self.unanswered }
      throw self.failure(error.words)
    }
  }

  private func fetch(
    _ request: FetchRequest
  ) async throws(FetchFailure) -> UpstreamResponse {
    var request = request
    request.isDirect = true
    return try await self.fetcher.fetch(
      request, limits: FetchLimits(total: .seconds(self.settings.timeoutSeconds)))
  }

  // MARK: Answers

  private func body(
    of response: UpstreamResponse, in session: Session
  ) throws(CredentialError) -> [UInt8] {
    if response.head.status == 200 { return response.body }
    if case .unanswered = session { throw self.unanswered }
    throw self.failure("it answered \(response.head.status)")
  }

  /// The first line. It becomes part of a target, so it holds nothing but what IAM allows in a name.
  private func roleName(_ body: [UInt8]) throws(CredentialError) -> String {
    let line = body.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    let isName = line.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "_+=,.@-".utf8.contains(byte)
      }
    }
    guard 1...64 ~= line.count, isName else { throw self.failure("it names no role") }
    return String(decoding: line, as: UTF8.self)
  }

  // MARK: Words

  private static let elsewhere =
    "; without an instance role, configure another source and set AWS_EC2_METADATA_DISABLED=true"

  private var unanswered: CredentialError {
    self.failure(
      "no answer to the question for a token in \(self.settings.timeoutSeconds) s: inside a "
        + "container the instance's HttpPutResponseHopLimit must be 2 or more\(Self.elsewhere)")
  }

  private func failure(_ what: String) -> CredentialError {
    .unavailable("the metadata service at \(self.settings.endpoint.hostHeader): \(what)")
  }
}
