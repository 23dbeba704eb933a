// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI

/// The endpoint that ECS, or EKS Pod Identity, offers in the pod.
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
extension CredentialChain {
  func ask(_ plan: ContainerPlan) async throws(CredentialError) -> Credential {
    var request = FetchRequest(.get, plan.url)
    request.isDirect = !plan.url.isSecure
    request.accepts = "application/json"
    switch plan.authorization {
    case .none: break
    case .token(let token): request.add("Authorization", token)
    case .file(let path):
      // The token in it is exchanged now and then.
      request.add(
        "Authorization",
        try await ReadFile.token(
          path, namedBy: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", on: self.threads))
    }
    let response = try await self.fetch(
      request, from: "the endpoint at \(plan.url.hostHeader)",
      FetchLimits(total: self.limits.containerTimeout))
    guard response.head.status == 200 else {
      let why = CredentialAnswer.containerRefusal(response.body).map { ": \($0)" } ?? ""
      throw .unavailable(
        "the endpoint at \(plan.url.hostHeader) answered \(response.head.status)\(why)")
    }
    do throws(CredentialAnswerError) {
      return try CredentialAnswer.container(response.body)
    } catch {
      throw .unavailable("the endpoint at \(plan.url.hostHeader): \(error)")
    }
  }

  /// - Parameter name: what is asked, for the words of a failure. The target stays out of them: it
  ///   may be all that it takes to be given credentials.
  func fetch(
    _ request: FetchRequest, from name: String, _ limits: FetchLimits
  ) async throws(CredentialError) -> UpstreamResponse {
    do throws(FetchFailure) {
      return try await self.fetcher.fetch(request, limits: limits)
    } catch {
      throw .unavailable("\(name): \(error.words)")
    }
  }
}
