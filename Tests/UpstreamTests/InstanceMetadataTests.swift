// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import NIOHTTP1
import NIOPosix
import Testing

@testable import Upstream

/// The metadata service of an instance, with its tokens and without.
@Suite(.serialized, .timeLimit(.minutes(1))) struct InstanceMetadataTests {
  private let surroundings: Surroundings
  private static let rolePath = "/latest/meta-data/iam/security-credentials/"

  init() throws {
    self.surroundings = try Surroundings()
  }

  /// Answers as a healthy service does; `react` may say otherwise.
  private func serve(
    _ react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction? = { _ in nil }
  ) async throws -> ScriptedServer {
    try await ScriptedServer.start(on: MultiThreadedEventLoopGroup.singleton.next()) { request in
      if let reaction = react(request) { return reaction }
      switch (request.head.method, request.head.uri) {
      case (.PUT, "/latest/api/token"): return .answer(body: "token-\(request.number)")
      case (.GET, Self.rolePath): return .answer(body: "node-role\n")
      case (.GET, Self.rolePath + "node-role"): return .answer(body: containerAnswer())
      default: return .answer(status: 404)
      }
    }
  }

  private func chain(
    _ server: ScriptedServer, _ more: [String: String] = [:], timeoutSeconds: Int = 30
  ) throws -> CredentialChain {
    try self.surroundings.chain(
      more.merging([
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(server.port)",
        "AWS_METADATA_SERVICE_TIMEOUT": "\(timeoutSeconds)",
      ]) { $1 })
  }

  private func tokens(_ server: ScriptedServer) -> [String] {
    server.seen.requests.map { $0.head.headers["X-aws-ec2-metadata-token"].first ?? "" }
  }

  private func isPUT(_ request: ScriptedServer.Request) -> Bool { request.head.method == .PUT }

  @Test func `a token is asked for, then the role, then its credentials`() async throws {
    let server = try await self.serve()
    let found = try await self.chain(server).result().get()
    #expect(found.kind == .instanceMetadata && found.renewal == .lenient)
    #expect(found.origin == "127.0.0.1:\(server.port)")
    #expect(found.credential.accessKeyID == "ASIACONTAINER0000001")
    #expect(
      server.seen.requests.map { "\($0.head.method) \($0.head.uri)" } == [
        "PUT /latest/api/token", "GET \(Self.rolePath)", "GET \(Self.rolePath)node-role",
      ])
    #expect(
      server.seen.requests.first?.head.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        == ["21600"])
    #expect(self.tokens(server) == ["", "token-0", "token-0"])
  }

  @Test func `a token is kept until it ends`() async throws {
    let server = try await self.serve()
    let chain = try self.chain(server)
    _ = try await chain.result().get()
    self.surroundings.moveClock(bySeconds: 21_000)
    _ = await chain.result()
    #expect(server.seen.requests.filter(self.isPUT).count == 1)
    self.surroundings.moveClock(bySeconds: 600)
    _ = await chain.result()
    #expect(server.seen.requests.filter(self.isPUT).count == 2)
  }

  @Test func `a kept token that is refused is replaced once`() async throws {
    let server = try await self.serve { request in
      request.head.headers["X-aws-ec2-metadata-token"] == ["token-0"] && request.number > 2
        ? .answer(status: 401) : nil
    }
    let chain = try self.chain(server)
    _ = try await chain.result().get()
    _ = try await chain.result().get()
    #expect(
      self.tokens(server) == ["", "token-0", "token-0", "token-0", "", "token-4", "token-4"])
  }

  @Test func `a token that is refused at once is a failure`() async throws {
    let server = try await self.serve { self.isPUT($0) ? nil : .answer(status: 401) }
    let words = await (try self.chain(server)).words()
    #expect(words.contains("127.0.0.1:\(server.port): it answered 401"))
    #expect(server.seen.requests.count == 2)
  }

  @Test(arguments: [403, 404, 405])
  func `a service without tokens is asked without one, unless that is forbidden`(
    status: Int
  ) async throws {
    let server = try await self.serve { self.isPUT($0) ? .answer(status: status) : nil }
    #expect(try await self.chain(server).result().get().kind == .instanceMetadata)
    #expect(self.tokens(server) == ["", "", ""])
    let strict = try self.chain(server, ["AWS_EC2_METADATA_V1_DISABLED": "true"])
    #expect(
      await strict.words().contains("it answered \(status) to the question for a token"))
    #expect(server.seen.requests.count == 4)
  }

  @Test func `a token that does not come is the hop limit's doing`() async throws {
    let server = try await self.serve { self.isPUT($0) ? .silence : .answer(status: 401) }
    let chains = [
      try self.chain(server, timeoutSeconds: 1),
      try self.chain(server, ["AWS_EC2_METADATA_V1_DISABLED": "true"], timeoutSeconds: 1),
    ]
    for chain in chains {
      let words = await chain.words()
      #expect(words.contains("no answer to the question for a token in 1 s"))
      #expect(words.contains("HttpPutResponseHopLimit must be 2 or more"))
      #expect(words.contains("environment: AWS_ACCESS_KEY_ID is not set"))
    }
    #expect(server.seen.requests.filter(self.isPUT).count == 2)
  }

  @Test func `a machine without the service says how to go without it`() async throws {
    let server = try await self.serve()
    let chain = try self.chain(server)
    try await server.stop()
    let words = await chain.words()
    #expect(words.contains(": connection refused; without an instance role, configure another"))
    #expect(words.contains("AWS_EC2_METADATA_DISABLED=true"))
  }

  @Test func `an instance without a role is told as such`() async throws {
    let server = try await self.serve { self.isPUT($0) ? nil : .answer(status: 404) }
    #expect(await (try self.chain(server)).words().contains(": the instance has no role"))
  }

  @Test(arguments: ["", "a b", "../../x", "a/b", "r\u{0}", String(repeating: "r", count: 65)])
  func `what is no role's name is not asked for`(name: String) async throws {
    let server = try await self.serve { self.isPUT($0) ? nil : .answer(body: name) }
    #expect(await (try self.chain(server)).words().contains(": it names no role"))
    #expect(server.seen.requests.count == 2)
  }

  @Test func `a refusal within a good answer is told by its code`() async throws {
    let server = try await self.serve { request in
      request.head.uri.hasSuffix("node-role")
        ? .answer(body: #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"}"#) : nil
    }
    #expect(
      await (try self.chain(server)).words()
        .contains(": AssumeRoleUnauthorizedAccess: no trust"))
  }

  @Test func `there are as many attempts as the settings allow`() async throws {
    let server = try await self.serve { $0.number < 2 ? .answer(status: 503) : nil }
    let once = try self.chain(server)
    #expect(await once.words().contains("it answered 503 to the question for a token"))
    let twice = try self.chain(server, ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"])
    #expect(await twice.result().failure == nil)
  }
}
