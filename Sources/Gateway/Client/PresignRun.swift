// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import JobsAPI
import NIOCore
import NIOPosix
import Upstream

/// Finds what a signature needs, signs, and lets go of all of it.
struct PresignRun {
  let plan: UpstreamPlan

  /// EX_UNAVAILABLE of sysexits(3).
  private static let unavailable: Int32 = 69

  func sign(_ request: PresignRequest) async throws -> PresignedRequest {
    let tls: UpstreamTLS
    do throws(UpstreamTLS.Failure) {
      tls = try UpstreamTLS(self.plan)
    } catch {
      throw ClientFault("\(error)", exitCode: error.exitCode)
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    let credentials = RefreshingCredentials(self.plan, tls, on: group.next(), threads: threads)
    credentials.start()
    let result = await self.sign(request, tls, credentials, on: group.next())
    await credentials.stop()
    try await threads.shutdownGracefully()
    try await group.shutdownGracefully()
    return try result.get()
  }

  private func sign(
    _ request: PresignRequest, _ tls: UpstreamTLS, _ credentials: RefreshingCredentials,
    on loop: any EventLoop
  ) async -> Result<PresignedRequest, ClientFault> {
    _ = await credentials.resolved()
    do throws(ClientFault) {
      let endpoint = try await self.endpoint(tls, credentials, on: loop)
      let presigner = JobsPresigner(
        endpoint.url, region: endpoint.signingRegion, credentials: credentials)
      do throws(JobsFailure) {
        return .success(try await presigner.presign(request))
      } catch {
        throw ClientFault(Self.words(error.cause), exitCode: Self.unavailable)
      }
    } catch {
      return .failure(error)
    }
  }

  private func endpoint(
    _ tls: UpstreamTLS, _ credentials: RefreshingCredentials, on loop: any EventLoop
  ) async throws(ClientFault) -> ServiceEndpoint {
    switch self.plan.target {
    case .known(let endpoint): return endpoint
    case .discovered(let control):
      do throws(DiscoveryFailure) {
        return try await self.plan.discovery(at: control, tls, credentials: credentials, on: loop)
          .endpoint()
      } catch {
        throw ClientFault(
          "iot:DescribeEndpoint at \(control.url.hostHeader): \(error.words)",
          exitCode: Self.unavailable)
      }
    }
  }

  private static func words(_ cause: JobsFailure.Cause) -> String {
    switch cause {
    case .credentialsUnavailable(let why): "no AWS credentials: \(why)"
    case .unreachable(let why): why
    default: "the URL could not be signed"
    }
  }
}
