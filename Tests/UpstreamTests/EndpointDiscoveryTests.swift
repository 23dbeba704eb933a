// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import NIOHTTP1
import NIOPosix
import Testing

@testable import Upstream

@Suite struct DiscoveryBackoffTests {
  @Test(arguments: 0..<50 as Range<UInt64>)
  func `pauses double up to a minute, and at least half of each is kept`(seed: UInt64) {
    var backoff = DiscoveryBackoff()
    var random = SplitMix(seed: seed)
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
      let pause = backoff.next(using: &random)
      #expect(pause >= .milliseconds(seconds * 500) && pause <= .seconds(seconds))
    }
  }

  @Test func `two pods that start together do not ask together`() {
    var random = SplitMix(seed: 7)
    let first = (0..<20).map { _ in
      var backoff = DiscoveryBackoff()
      return backoff.next(using: &random)
    }
    #expect(Set(first).count > 15)
  }
}

@Suite(.timeLimit(.minutes(1))) struct EndpointDiscoveryTests {
  private struct NoCredentials: CredentialProvider {
    func credential() async throws(CredentialError) -> Credential {
      throw .unavailable("none here")
    }
  }

  /// What comes of one answer of the control plane, and what it was asked.
  private func ask(
    _ reaction: ScriptedServer.Reaction, fips: SettingOrigin? = nil
  ) async throws -> (Result<ServiceEndpoint, DiscoveryFailure>, [ScriptedServer.Request]) {
    try await self.ask(fips: fips) { _ in reaction }
  }

  private func ask(
    fips: SettingOrigin? = nil,
    _ react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws -> (Result<ServiceEndpoint, DiscoveryFailure>, [ScriptedServer.Request]) {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await ScriptedServer.start(on: group.next(), react: react)
    let control = ServiceEndpoint(
      service: .iot, url: try #require(HTTPURL("http://127.0.0.1:\(server.port)/base")),
      signingRegion: "eu-west-1", origin: .ruleSet)
    let discovery = EndpointDiscovery(
      at: control, Fetcher(on: group.next(), tls: nil),
      credentials: FixedCredential(Credential(accessKeyID: "AKID", secretAccessKey: "s")),
      requiringFIPS: fips, clock: WallClock { 1_767_323_045 })
    let outcome: Result<ServiceEndpoint, DiscoveryFailure>
    do throws(DiscoveryFailure) {
      outcome = .success(try await discovery.endpoint())
    } catch {
      outcome = .failure(error)
    }
    let requests = server.seen.requests
    try await server.stop()
    return (outcome, requests)
  }

  @Test func `the endpoint is asked for with a signature of iot`() async throws {
    let (outcome, requests) = try await self.ask(
      .answer(body: #"{"endpointAddress":"abc.jobs.example:8443"}"#))
    let endpoint = try outcome.get()
    // As it was asked: without TLS.
    #expect(endpoint.url.text == "http://abc.jobs.example:8443")
    #expect(endpoint.service == .iotJobsData && endpoint.signingRegion == "eu-west-1")
    #expect(endpoint.origin == .describeEndpoint)
    let head = try #require(requests.first?.head)
    #expect(head.uri == "/base/endpoint?endpointType=iot%3AJobs")
    let authorization = head.headers["authorization"].first
    #expect(authorization?.contains("Credential=AKID/20260102/eu-west-1/iot/aws4_request") == true)
    #expect(requests.count == 1)
  }

  /// Says no to what is not signed two hours ahead of the clock here.
  private static func twoHoursAhead(
    _ request: ScriptedServer.Request
  ) -> ScriptedServer.Reaction {
    if request.head.headers["x-amz-date"] == ["20260102T050405Z"] {
      return .answer(body: #"{"endpointAddress":"abc.jobs.example:8443"}"#)
    }
    return .answer(
      status: 403, body: #"{"message":"Signature expired: x is now earlier than y"}"#,
      headers: [
        ("x-amzn-ErrorType", "InvalidSignatureException"),
        ("Date", "Fri, 02 Jan 2026 05:04:05 GMT"),
      ])
  }

  @Test func `a wrong clock does not keep the endpoint from being found`() async throws {
    let (outcome, requests) = try await self.ask(Self.twoHoursAhead)
    #expect(try outcome.get().url.text == "http://abc.jobs.example:8443")
    #expect(requests.count == 2)
  }

  @Test func `a signature that is refused by AWS's clock too is not sent a third time`()
    async throws
  {
    let (outcome, requests) = try await self.ask { _ in
      .answer(
        status: 403, body: #"{"message":"no"}"#,
        headers: [
          ("x-amzn-ErrorType", "InvalidSignatureException"),
          ("Date", "Fri, 02 Jan 2026 05:04:05 GMT"),
        ])
    }
    guard case .failure(.refused) = outcome else { return #expect(Bool(false), "\(outcome)") }
    #expect(requests.count == 2)
  }

  @Test func `AWS's refusal keeps its words`() async throws {
    let (outcome, _) = try await self.ask(
      .answer(
        status: 403, body: #"{"message":"no such right"}"#,
        headers: [("x-amzn-ErrorType", "AccessDeniedException")]))
    guard case .failure(.refused(let refusal)) = outcome else {
      return #expect(Bool(false), "\(outcome)")
    }
    #expect(refusal.kind == .accessDenied)
    #expect(
      DiscoveryFailure.refused(refusal).words == "AccessDeniedException (HTTP 403): no such right")
  }

  @Test(arguments: ["", "{}", "<html>", #"{"endpointAddress":"a/b"}"#, #"{"endpointAddress":1}"#])
  func `an answer that names no host is none`(body: String) async throws {
    let (outcome, _) = try await self.ask(.answer(body: body))
    guard case .failure(.unreadable) = outcome else {
      return #expect(Bool(false), "\(outcome)")
    }
  }

  @Test func `FIPS is not given up for an answer that does not say it`() async throws {
    let fips = SettingOrigin.environment(variable: "AWS_USE_FIPS_ENDPOINT")
    let (plain, _) = try await self.ask(
      .answer(body: #"{"endpointAddress":"a.jobs.iot.example"}"#), fips: fips)
    #expect(plain == .failure(.notFIPS(host: "a.jobs.iot.example", askedBy: fips)))
    let (named, _) = try await self.ask(
      .answer(body: #"{"endpointAddress":"a.jobs.iot-fips.example"}"#), fips: fips)
    #expect(try named.get().url.host == "a.jobs.iot-fips.example")
  }

  @Test func `a silent end is a failure with its reason`() async throws {
    let (outcome, _) = try await self.ask(.close)
    #expect(outcome == .failure(.noAnswer(.exchange(.closedBeforeResponse(reused: false)))))
  }

  @Test func `without credentials nobody is asked`() async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let control = ServiceEndpoint(
      service: .iot, url: try #require(HTTPURL("http://127.0.0.1:1")), signingRegion: "r",
      origin: .ruleSet)
    let discovery = EndpointDiscovery(
      at: control, Fetcher(on: group.next(), tls: nil), credentials: NoCredentials())
    await #expect(throws: DiscoveryFailure.noCredentials(.unavailable("none here"))) {
      try await discovery.endpoint()
    }
  }
}
