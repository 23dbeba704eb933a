// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import NIOHTTP1
import NIOPosix
import Testing

@testable import Upstream

/// Which source is asked, and what is said if there are no credentials.
@Suite(.serialized, .timeLimit(.minutes(1))) struct CredentialChainTests {
  private let surroundings: Surroundings

  init() throws {
    self.surroundings = try Surroundings()
  }

  private let keys = ["AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00001", "AWS_SECRET_ACCESS_KEY": "s"]

  private func serve(
    _ react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws -> ScriptedServer {
    try await ScriptedServer.start(on: MultiThreadedEventLoopGroup.singleton.next(), react: react)
  }

  @Test func `keys in the environment beat all else, and what they hide is named`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    try self.surroundings.write(
      "credentials",
      "[default]\naws_access_key_id = AKIAFILE000000000001\n"
        + "aws_secret_access_key = s\n")
    let chain = try self.surroundings.chain(
      self.keys.merging([
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/"
      ]) { $1 })
    let found = try await chain.result().get()
    #expect(found.kind == .environment && found.origin == "AWS_ACCESS_KEY_ID")
    #expect(found.credential.accessKeyID == "AKIAENVIRONMENT00001")
    #expect(found.renewal == .byExpiry)
    #expect(found.hidden == [.sharedFile, .container])
    #expect(server.seen.connections == 0)
  }

  @Test func `a file's keys are read anew each time`() async throws {
    let chain = try self.surroundings.chain([:])
    for id in ["AKIAFILE000000000001", "AKIAFILE000000000002"] {
      try self.surroundings.write(
        "credentials", "[default]\naws_access_key_id = \(id)\naws_secret_access_key = s\n")
      let found = try await chain.result().get()
      #expect(found.credential.accessKeyID == id && found.kind == .sharedFile)
      #expect(found.renewal == .every(.seconds(60)))
      #expect(found.origin == "\(self.surroundings.path("credentials")), line 2")
    }
  }

  @Test func `keys in the config file come last of the files`() async throws {
    try self.surroundings.write(
      "config",
      "[default]\naws_access_key_id = AKIACONFIG0000000001\n"
        + "aws_secret_access_key = s\n")
    let found = try await self.surroundings.chain([:]).result().get()
    #expect(found.kind == .configFile)
  }

  @Test func `a source that is configured and fails ends the search`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    let chain = try self.surroundings.chain([
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/",
      "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
      "AWS_WEB_IDENTITY_TOKEN_FILE": self.surroundings.path("no-token"),
      "AWS_REGION": "eu-west-1",
    ])
    let words = await chain.words()
    #expect(
      words
        == "web-identity (arn:aws:iam::123456789012:role/pod by AWS_WEB_IDENTITY_TOKEN_FILE): "
        + "\(self.surroundings.path("no-token")), which AWS_WEB_IDENTITY_TOKEN_FILE names, "
        + "does not exist")
    #expect(server.seen.connections == 0)
  }

  @Test func `half a pair is told by its name`() async throws {
    let words = await self.words(["AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00001"])
    #expect(words.contains("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"))
  }

  @Test func `where nothing is configured, every source says what it misses`() async throws {
    let words = await self.words([:])
    #expect(words.hasPrefix("no source is configured: environment: AWS_ACCESS_KEY_ID is not set"))
    for part in [
      "assume-role: ", "web-identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set", "sso: ",
      "shared-credentials-file: ", "process: ", "config-file: ",
      "container: AWS_CONTAINER_CREDENTIALS_FULL_URI",
      "instance-metadata: AWS_EC2_METADATA_DISABLED is true",
    ] {
      #expect(words.contains(part))
    }
  }

  @Test func `a file that cannot be read as one is told with its line`() async throws {
    let chain = try self.surroundings.chain([:])
    try self.surroundings.write("credentials", "[default]\naws_secret_access_key\n")
    #expect(
      await chain.words()
        == "\(self.surroundings.path("credentials")), line 2: "
        + "the line is not of the form key = value")
  }

  @Test func `after one source has worked no later one is asked`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    let chain = try self.surroundings.chain([
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/"
    ])
    let failure = await chain.result(notBelow: .sharedFile).failure
    #expect(
      failure
        == .unavailable(
          "shared-credentials-file gave credentials before and is no longer configured; "
            + "container is not asked in its place"))
    #expect(server.seen.connections == 0)
    // The same, and one before it, are.
    #expect(await chain.result(notBelow: .container).failure == nil)
    #expect(await chain.result(notBelow: .instanceMetadata).failure == nil)
  }

  @Test func `a profile that is gone is told by the variable that names it`() async throws {
    try self.surroundings.write(
      "config",
      "[profile p]\naws_access_key_id = AKIACONFIG0000000001\n"
        + "aws_secret_access_key = s\n")
    let chain = try self.surroundings.chain(["AWS_PROFILE": "p"])
    #expect(await chain.result().failure == nil)
    try self.surroundings.write("config", "")
    #expect(await chain.words().hasPrefix("AWS_PROFILE names the profile p, which is not in"))
  }

  private func words(_ variables: [String: String]) async -> String {
    await (try? self.surroundings.chain(variables))?.words() ?? "no chain"
  }
}

// MARK: - Containers

extension CredentialChainTests {
  private func container(
    _ server: ScriptedServer, _ more: [String: String] = [:],
    limits: (inout CredentialChain.Limits) -> Void = { _ in }
  ) throws -> CredentialChain {
    try self.surroundings.chain(
      more.merging([
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/v1/credentials?id=x"
      ]) { $1 }, limits: limits)
  }

  @Test func `a container's endpoint is asked with the token that is in the file now`() async throws
  {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    let chain = try self.container(
      server,
      [
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": self.surroundings.path("token"),
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one",
      ])
    for token in ["first", "second"] {
      try self.surroundings.write("token", "\(token)\n")
      let found = try await chain.result().get()
      #expect(found.kind == .container && found.origin == "AWS_CONTAINER_CREDENTIALS_FULL_URI")
      #expect(found.credential.accessKeyID == "ASIACONTAINER0000001")
      #expect(found.credential.sessionToken?.text == "container-token")
      #expect(found.credential.expiresAtSeconds == Surroundings.start + 3_600)
    }
    let seen = server.seen.requests.map(\.head)
    #expect(seen.map(\.uri) == ["/v1/credentials?id=x", "/v1/credentials?id=x"])
    #expect(seen.map { $0.headers["Authorization"] } == [["first"], ["second"]])
    #expect(seen.first?.headers["Accept"] == ["application/json"])
  }

  @Test func `a token may stand in the environment, or there may be none`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    _ = try await self.container(server, ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "literal"])
      .result().get()
    _ = try await self.container(server).result().get()
    let fields = server.seen.requests.map { $0.head.headers["Authorization"] }
    #expect(fields == [["literal"], []])
  }

  @Test func `a token that is no header is not sent`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    try self.surroundings.write("token", "one\ntwo")
    let chain = try self.container(
      server, ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": self.surroundings.path("token")])
    #expect(await chain.words().hasSuffix("token must hold one line of printable ASCII"))
    #expect(server.seen.connections == 0)
  }

  @Test(arguments: [
    (
      ScriptedServer.Reaction.answer(
        status: 403, body: #"{"code":"AccessDenied","message":"no association"}"#),
      "answered 403: AccessDenied: no association"
    ),
    (.answer(status: 500, body: "container-secret"), "answered 500"),
    (.answer(status: 302, headers: [("Location", "/")]), "answered 302"),
    (.answer(body: "container-secret"), ": the answer is not a JSON object"),
    (.answer(body: "{}"), ": the answer has no AccessKeyId"),
    (.close, ": connection closed without an answer"),
    (.silence, ": no answer in time"),
  ])
  func `what a container's endpoint does wrong is told without what it said`(
    reaction: ScriptedServer.Reaction, words: String
  ) async throws {
    let server = try await self.serve { _ in reaction }
    let isSilent = if case .silence = reaction { true } else { false }
    let chain = try self.container(server) {
      $0.containerTimeout = isSilent ? .milliseconds(300) : .seconds(60)
    }
    let said = await chain.words()
    #expect(
      said.hasPrefix(
        "container (AWS_CONTAINER_CREDENTIALS_FULL_URI): the endpoint at 127.0.0.1:\(server.port)"))
    #expect(said.hasSuffix(words))
    #expect(!said.contains("container-secret") && !said.contains("id=x"))
  }

  @Test func `a container's endpoint elsewhere is not asked`() async throws {
    let words = await self.words([
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/", "AWS_EC2_METADATA_DISABLED": "",
    ])
    #expect(words.hasPrefix("container: AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://"))
  }
}
