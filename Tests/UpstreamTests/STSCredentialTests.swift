// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import GatewayTestKit
import NIOHTTP1
import NIOPosix
import Testing

@testable import Upstream

/// Roles that are assumed through STS.
@Suite(.serialized, .timeLimit(.minutes(1))) struct STSCredentialTests {
  private let surroundings: Surroundings
  private static let role = "arn:aws:iam::123456789012:role/pod"

  init() throws {
    self.surroundings = try Surroundings()
  }

  private func serve(
    _ react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws -> ScriptedServer {
    try await ScriptedServer.start(on: MultiThreadedEventLoopGroup.singleton.next(), react: react)
  }

  private func environment(_ server: ScriptedServer) -> [String: String] {
    ["AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(server.port)"]
  }

  private func webIdentity(_ server: ScriptedServer) throws -> CredentialChain {
    try self.surroundings.chain(
      self.environment(server).merging([
        "AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": self.surroundings.path("token"),
      ]) { $1 })
  }

  @Test func `a token is exchanged for a role, unsigned, and read anew each time`() async throws {
    let server = try await self.serve { _ in
      .answer(body: stsAnswer("AssumeRoleWithWebIdentity"))
    }
    let chain = try self.webIdentity(server)
    for token in ["first.jwt", "second.jwt"] {
      try self.surroundings.write("token", token)
      let found = try await chain.result().get()
      #expect(found.kind == .webIdentity)
      #expect(found.origin == "\(Self.role) by AWS_WEB_IDENTITY_TOKEN_FILE")
      #expect(found.credential.accessKeyID == "ASIASTS0000000000001")
      #expect(found.credential.expiresAtSeconds == Surroundings.start + 3_600)
    }
    let request = try #require(server.seen.requests.first)
    #expect(request.head.method == .POST && request.head.uri == "/")
    #expect(!request.head.headers.contains(name: "Authorization"))
    #expect(
      request.head.headers["Content-Type"]
        == ["application/x-www-form-urlencoded; charset=utf-8"])
    #expect(
      server.seen.requests.map(\.body)
        == ["first.jwt", "second.jwt"].map {
          "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
            + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpod"
            + "&RoleSessionName=iot-jobs-gateway-1767323045&WebIdentityToken=\($0)"
        })
  }

  @Test(arguments: ["InvalidIdentityToken", "ExpiredTokenException"])
  func `a token that was exchanged meanwhile is read again, once`(code: String) async throws {
    let surroundings = self.surroundings
    let server = try await self.serve { request in
      try? surroundings.write("token", "newer")
      return request.body.hasSuffix("=older")
        ? .answer(status: 400, body: stsRefusal(code))
        : .answer(body: stsAnswer("AssumeRoleWithWebIdentity"))
    }
    try surroundings.write("token", "older")
    #expect(await (try self.webIdentity(server)).result().failure == nil)
    #expect(server.seen.requests.count == 2)
  }

  @Test func `a token that is refused and still the same is not sent again`() async throws {
    let server = try await self.serve { _ in
      .answer(status: 400, body: stsRefusal("InvalidIdentityToken", "no provider found"))
    }
    try self.surroundings.write("token", "secret.jwt")
    let words = await (try self.webIdentity(server)).words()
    #expect(
      words.hasSuffix(
        "STS answered 400 InvalidIdentityToken: no provider found; the cluster's OIDC issuer must "
          + "be an identity provider of the role's account in IAM"))
    #expect(!words.contains("secret.jwt"))
    #expect(server.seen.requests.count == 1)
  }

  @Test func `a role that does not trust the pod is told with the repair`() async throws {
    let server = try await self.serve { _ in
      .answer(status: 403, body: stsRefusal("AccessDenied", "Not authorized"))
    }
    try self.surroundings.write("token", "jwt.")
    #expect(
      await (try self.webIdentity(server)).words().hasSuffix(
        "STS answered 403 AccessDenied: Not authorized; the role's trust policy must allow "
          + "sts:AssumeRoleWithWebIdentity to this service account"))
  }

  @Test(arguments: ["", "abc", "a b", String(repeating: "x", count: 20_001)])
  func `what is no token is not sent`(text: String) async throws {
    let server = try await self.serve { _ in .close }
    try self.surroundings.write("token", text)
    #expect(await (try self.webIdentity(server)).words().contains("must hold"))
    #expect(server.seen.connections == 0)
  }

  @Test(arguments: [
    (ScriptedServer.Reaction.answer(body: "{}"), "the answer is not XML as STS writes it"),
    (.answer(body: "<AssumeRoleResponse></AssumeRoleResponse>"), "the answer has no Credentials"),
    (.answer(status: 503, body: "sts-secret"), "STS answered 503 503"),
    (.close, "connection closed without an answer"),
  ])
  func `what STS does wrong is told without what it said`(
    reaction: ScriptedServer.Reaction, words: String
  ) async throws {
    let server = try await self.serve { _ in reaction }
    try self.surroundings.write("token", "some.jwt")
    let said = await (try self.webIdentity(server)).words()
    #expect(said.hasSuffix(words) && !said.contains("sts-secret"))
  }

  @Test func `without a region there is no STS`() async throws {
    try self.surroundings.write("token", "some.jwt")
    let chain = try self.surroundings.chain([
      "AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": self.surroundings.path("token"),
    ])
    #expect(
      await chain.words().hasSuffix(
        "the endpoint of STS: no region: set AWS_REGION, or region in the profile"))
  }

  @Test func `STS is reached over TLS by its name`() async throws {
    let fixture = try SecureFixture()
    let server = try await ScriptedServer.start(
      on: MultiThreadedEventLoopGroup.singleton.next(), security: fixture.server
    ) { _ in .answer(body: stsAnswer("AssumeRoleWithWebIdentity")) }
    try self.surroundings.write("token", "some.jwt")
    let variables = [
      "AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": self.surroundings.path("token"),
      "AWS_REGION": "eu-west-1",
    ]
    func chain(_ host: String) throws -> CredentialChain {
      try self.surroundings.chain(
        variables.merging(["AWS_ENDPOINT_URL_STS": "https://\(host):\(server.port)"]) { $1 },
        tls: fixture.client)
    }
    #expect(await (try chain("127.0.0.1")).result().failure == nil)
    #expect(
      await (try chain("localhost")).words().contains(
        "STS at localhost:\(server.port): TLS: certificate rejected: hostname mismatch"))
    #expect(server.seen.requests.count == 1)
  }
}

// MARK: - Profiles

extension STSCredentialTests {
  /// Two roles on top of each other on top of keys.
  private static let profiles = """
    [default]
    role_arn = arn:aws:iam::123456789012:role/outer
    source_profile = inner
    external_id = x/y
    duration_seconds = 900
    [profile inner]
    role_arn = arn:aws:iam::123456789012:role/inner
    role_session_name = inner
    source_profile = keys
    [profile keys]
    aws_access_key_id = AKIACONFIG0000000001
    aws_secret_access_key = keys-secret
    """

  @Test func `roles are assumed one after the other, each signed with what the last gave`()
    async throws
  {
    let server = try await self.serve { request in
      let isInner = request.body.contains("inner")
      return .answer(
        body: stsAnswer("AssumeRole", isInner ? "ASIAINNER00000000001" : "ASIAOUTER00000000001"))
    }
    try self.surroundings.write(
      "config", Self.profiles)
    let found = try await self.surroundings.chain(self.environment(server)).result().get()
    #expect(found.kind == .assumeRole)
    #expect(found.credential.accessKeyID == "ASIAOUTER00000000001")
    #expect(found.origin == "arn:aws:iam::123456789012:role/outer by assume-role")
    #expect(
      server.seen.requests.map(\.body) == [
        "Action=AssumeRole&Version=2011-06-15"
          + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Finner&RoleSessionName=inner",
        "Action=AssumeRole&Version=2011-06-15"
          + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fouter"
          + "&RoleSessionName=iot-jobs-gateway-1767323045&DurationSeconds=900&ExternalId=x%2Fy",
      ])
    let authorizations = server.seen.requests.map {
      $0.head.headers["Authorization"].first ?? ""
    }
    #expect(
      authorizations.map { $0.prefix { $0 != "," } } == [
        "AWS4-HMAC-SHA256 Credential=AKIACONFIG0000000001/20260102/eu-west-1/sts/aws4_request",
        "AWS4-HMAC-SHA256 Credential=ASIAINNER00000000001/20260102/eu-west-1/sts/aws4_request",
      ])
    #expect(
      server.seen.requests.map { $0.head.headers["X-Amz-Security-Token"] } == [[], ["sts-token"]])
  }

  @Test func `a role that may not be assumed ends the chain there`() async throws {
    let server = try await self.serve { _ in
      .answer(status: 403, body: stsRefusal("AccessDenied", "User is not authorized"))
    }
    try self.surroundings.write("config", Self.profiles)
    let words = await (try self.surroundings.chain(self.environment(server))).words()
    #expect(words.hasSuffix("STS answered 403 AccessDenied: User is not authorized"))
    #expect(!words.contains("keys-secret"))
    #expect(server.seen.requests.count == 1)
  }

  @Test func `a role may be assumed with what a container gives`() async throws {
    let server = try await self.serve { request in
      request.head.method == .GET
        ? .answer(body: containerAnswer()) : .answer(body: stsAnswer("AssumeRole"))
    }
    try self.surroundings.write(
      "config", "[default]\nrole_arn = \(Self.role)\ncredential_source = EcsContainer\n")
    let chain = try self.surroundings.chain(
      self.environment(server).merging([
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/"
      ]) { $1 })
    let found = try await chain.result().get()
    #expect(found.kind == .assumeRole && found.origin == "\(Self.role) by container")
    #expect(server.seen.requests.map(\.head.method) == [.GET, .POST])
    #expect(
      server.seen.requests.last?.head.headers["X-Amz-Security-Token"] == ["container-token"])
  }
}
