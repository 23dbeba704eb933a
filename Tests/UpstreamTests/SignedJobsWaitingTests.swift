// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import GatewayTestKit
import JobsAPI
import NIOCore
import NIOPosix
import Testing
import Transport

@testable import Upstream

/// Has no credential before a wait is over.
private struct LateCredential: CredentialProvider {
  var credential: Credential?
  let wait: @Sendable () async -> Void

  func credential() async throws(CredentialError) -> Credential {
    await self.wait()
    guard let credential else { throw .unavailable("it did not come in time") }
    return credential
  }
}

/// Calls that wait for a credential.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SignedJobsWaitingTests {
  private func update(
    _ context: CallContext, with credentials: LateCredential, at server: ScriptedServer
  ) async throws -> Result<JobsReply<UpdatedJobExecution>, JobsFailure> {
    let loop = MultiThreadedLoops.next()
    let endpoint = try #require(HTTPURL("http://127.0.0.1:\(server.port)"))
    let jobs = try SignedJobs(
      on: loop, UpstreamConfiguration(endpoint: endpoint, region: "us-east-1"),
      connector: OutboundConnector(host: endpoint.host, port: endpoint.port),
      credentials: credentials, observer: UnobservedUpstream())
    return await LoopCaller(loop: loop).run {
      do throws(JobsFailure) {
        return .success(
          try await jobs.update(
            UpdateJobExecution(thingName: "t", jobID: "j", status: .succeeded), in: context))
      } catch {
        return .failure(error)
      }
    }
  }

  @Test func `the caller's deadline counts on while a call waits for a credential`() async throws {
    let server = try await ScriptedServer.start(on: MultiThreadedLoops.next()) { _ in .answer() }
    let deadline = ContinuousClock.now.advanced(by: .milliseconds(200))
    let credentials = LateCredential(
      credential: Credential(accessKeyID: "AKID", secretAccessKey: "s")
    ) {
      // Until it has passed, by the clock that it is told by.
      try? await Task.sleep(until: deadline, clock: .continuous)
    }
    let outcome = try await self.update(
      CallContext(requestID: "r", deadline: deadline), with: credentials, at: server)
    #expect(
      outcome.timeless().failure
        == failure(.deadlineExceeded(mayHaveBeenApplied: false), attempts: 0))
    #expect(server.seen.requests.isEmpty)
    try await server.stop()
  }

  @Test func `a call that is cancelled while it waits says nothing of the sources`() async throws {
    let server = try await ScriptedServer.start(on: MultiThreadedLoops.next()) { _ in .answer() }
    let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
    let credentials = LateCredential {
      waiting.yield()
      // Ends with the task.
      for await _ in AsyncStream<Never>.makeStream().stream {}
    }
    let task = Task {
      try await self.update(CallContext(requestID: "r"), with: credentials, at: server)
    }
    _ = await waits.first { _ in true }
    task.cancel()
    #expect(
      try await task.value.failure
        == failure(.cancelled(mayHaveBeenApplied: false), attempts: 0))
    #expect(server.seen.requests.isEmpty)
    try await server.stop()
  }
}
