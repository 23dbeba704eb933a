// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI

/// Roles that are assumed through AWS STS.
/// Source: STS API reference, AssumeRole and AssumeRoleWithWebIdentity.
extension CredentialChain {
  /// With a token from a file, unsigned: what EKS calls IAM roles for service accounts.
  func assumeRole(_ plan: WebIdentityPlan) async throws(CredentialError) -> Credential {
    let token = try await self.token(plan)
    switch try await self.callSTS(.assumeRole(plan, token: token, sessionName: self.sessionName)) {
    case .success(let credential): return credential
    case .failure(let refusal) where refusal.remedy == .readTokenAgain:
      // It may have been exchanged between the reading and the answer.
      let newer = try await self.token(plan)
      guard newer != token else { throw .unavailable(refusal.wordsForWebIdentity) }
      let again = try await self.callSTS(
        .assumeRole(plan, token: newer, sessionName: self.sessionName))
      switch again {
      case .success(let credential): return credential
      case .failure(let refusal): throw .unavailable(refusal.wordsForWebIdentity)
      }
    case .failure(let refusal): throw .unavailable(refusal.wordsForWebIdentity)
    }
  }

  /// With the credentials of another source.
  func assumeRole(
    _ plan: AssumeRolePlan, signedWith credential: Credential
  ) async throws(CredentialError) -> Credential {
    let request = STSRequest.assumeRole(plan, sessionName: self.sessionName)
    switch try await self.callSTS(request, signedWith: credential) {
    case .success(let credential): return credential
    case .failure(let refusal): throw .unavailable("\(refusal)")
    }
  }

  private var sessionName: String { STSRequest.sessionName(atSeconds: self.clock.epochSeconds) }

  private func token(_ plan: WebIdentityPlan) async throws(CredentialError) -> Secret {
    let text = try await ReadFile.token(
      plan.tokenFile, namedBy: "\(plan.origin)", on: self.threads)
    guard let token = STSRequest.token(fileText: text.text) else {
      throw .unavailable("\(plan.tokenFile) must hold a token of 4 to 20000 characters")
    }
    return token
  }

  private func callSTS(
    _ call: STSRequest, signedWith credential: Credential? = nil
  ) async throws(CredentialError) -> Result<Credential, STSRefusal> {
    let endpoint = try self.endpointOfSTS()
    var request = FetchRequest(
      .post, endpoint.url, target: STSRequest.path, body: call.body,
      contentType: STSRequest.contentType)
    if let credential {
      let time = SigningTime(epochSeconds: self.clock.epochSeconds)
      do throws(SigningError) {
        try request.sign(as: .sts, region: endpoint.signingRegion, with: credential, at: time)
      } catch {
        throw .unavailable("the request to STS could not be signed")
      }
    }
    let name = "STS at \(endpoint.url.hostHeader)"
    let response = try await self.fetch(
      request, from: name, FetchLimits(total: self.limits.stsTimeout))
    guard response.head.status == 200 else {
      return .failure(STSRefusal(response.body, httpStatus: response.head.status))
    }
    do throws(CredentialAnswerError) {
      return .success(try STSAnswer.credential(response.body))
    } catch {
      throw .unavailable("\(name): \(error)")
    }
  }
}

extension STSRefusal {
  /// With the repair of what goes wrong most.
  fileprivate var wordsForWebIdentity: String {
    let repair =
      switch self.code {
      case "AccessDenied":
        "; the role's trust policy must allow sts:AssumeRoleWithWebIdentity to this service account"
      case "InvalidIdentityToken":
        "; the cluster's OIDC issuer must be an identity provider of the role's account in IAM"
      case "ExpiredTokenException": "; the token in the file is over, nobody renews it"
      case "RegionDisabledException": "; STS is switched off in this region for the account"
      default: ""
      }
    return "\(self)\(repair)"
  }
}
