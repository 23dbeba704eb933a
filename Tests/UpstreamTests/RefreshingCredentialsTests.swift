// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import JobsAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Upstream

/// Credentials of a container's endpoint, kept good.
@Suite(.serialized, .timeLimit(.minutes(1))) struct RefreshingCredentialsTests {
  let surroundings: Surroundings
  private let loop = MultiThreadedEventLoopGroup.singleton.next()

  init() throws {
    self.surroundings = try Surroundings()
  }

  func serve(
    _ react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws -> ScriptedServer {
    try await ScriptedServer.start(on: MultiThreadedEventLoopGroup.singleton.next(), react: react)
  }

  func credentials(
    _ server: ScriptedServer, log: CredentialLog? = nil,
    timing: (inout RefreshTiming) -> Void = { _ in }
  ) throws -> RefreshingCredentials {
    var times = RefreshTiming()
    timing(&times)
    let chain = try self.surroundings.chain(
      ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(server.port)/"]
    ) { $0.containerTimeout = .seconds(3_600) }
    return RefreshingCredentials(
      chain, on: self.loop, timing: times, clock: self.surroundings.clock, log: log)
  }

  func ask(
    _ credentials: RefreshingCredentials
  ) async -> Result<Credential, CredentialError> {
    do throws(CredentialError) {
      return .success(try await credentials.credential())
    } catch {
      return .failure(error)
    }
  }

  private func id(_ credentials: RefreshingCredentials) async -> String? {
    (try? await self.ask(credentials).get())?.accessKeyID
  }

  private func wake(_ credentials: RefreshingCredentials) async throws {
    try await self.loop.submit { credentials.wake() }.get()
  }

  @Test func `calls that come early wait for the first answer, which all share`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer("ASIAFIRST00000000001"))
    }
    let credentials = try self.credentials(server)
    let early = Task { await self.id(credentials) }
    credentials.start()
    credentials.start()
    let ids = await withTaskGroup { group in
      for _ in 0..<20 { group.addTask { await self.id(credentials) } }
      return await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(ids == ["ASIAFIRST00000000001"])
    #expect(await early.value == "ASIAFIRST00000000001")
    #expect(server.seen.requests.count == 1)
    await credentials.stop()
  }

  @Test func `without credentials calls fail at once, with the words of the last attempt`()
    async throws
  {
    let server = try await self.serve { _ in .answer(status: 500) }
    let credentials = try self.credentials(server) { $0.firstBackoff = .seconds(3_600) }
    credentials.start()
    let words =
      "container (AWS_CONTAINER_CREDENTIALS_FULL_URI): the endpoint at 127.0.0.1:\(server.port) "
      + "answered 500"
    for _ in 0..<3 { #expect(await self.ask(credentials).failure == .unavailable(words)) }
    let status = await credentials.resolved()
    #expect(status.failure == words && status.held == nil && status.isResolved)
    #expect(!status.isGood(atSeconds: Surroundings.start))
    #expect(server.seen.requests.count == 1)
    await credentials.stop()
  }

  @Test func `failures are repeated until there are credentials`() async throws {
    let server = try await self.serve { request in
      request.number < 3 ? .close : .answer(body: containerAnswer())
    }
    let credentials = try self.credentials(server) { $0.firstBackoff = .milliseconds(2) }
    credentials.start()
    await until { credentials.status.held != nil }
    #expect(await self.id(credentials) == "ASIACONTAINER0000001")
    #expect(credentials.status.failure == nil)
    #expect(server.seen.requests.count == 4)
    await credentials.stop()
  }

  @Test func `a call waits no longer than the bound for an answer that does not come`()
    async throws
  {
    let server = try await self.serve { _ in .silence }
    let credentials = try self.credentials(server) {
      $0.maxWait = .milliseconds(5)
    }
    credentials.start()
    #expect(
      await self.ask(credentials).failure
        == .unavailable("the sources of credentials have not answered yet"))
    #expect(!credentials.status.isResolved)
    await credentials.stop()
  }

  @Test func `a call that is cancelled stops to wait, and the attempt goes on`() async throws {
    let server = try await self.serve { _ in .silence }
    let credentials = try self.credentials(server)
    credentials.start()
    await until { !server.seen.requests.isEmpty }
    let call = Task { await self.ask(credentials) }
    call.cancel()
    #expect(await call.value.failure != nil)
    #expect(server.seen.openConnections == 1)
    await credentials.stop()
    await until { server.seen.openConnections == 0 }
  }

  @Test func `more calls than may wait fail at once`() async throws {
    let server = try await self.serve { _ in .silence }
    let credentials = try self.credentials(server) {
      $0.maxWaiting = 0
      $0.maxWait = .seconds(3_600)
    }
    credentials.start()
    #expect(await self.ask(credentials).failure != nil)
    await credentials.stop()
  }

  @Test func `credentials are renewed ahead of their end while calls go on`() async throws {
    let server = try await self.serve { request in
      let end = Int64(request.number + 1) * 3_600
      return .answer(body: containerAnswer("ASIACONTAINER000000\(request.number)", endsIn: end))
    }
    let credentials = try self.credentials(server)
    credentials.start()
    #expect(await self.id(credentials) == "ASIACONTAINER0000000")
    self.surroundings.moveClock(bySeconds: 2_000)
    try await self.wake(credentials)
    #expect(server.seen.requests.count == 1)
    self.surroundings.moveClock(bySeconds: 1_000)
    try await self.wake(credentials)
    // Be it the old one or the new: nobody waits.
    #expect(await self.id(credentials)?.hasPrefix("ASIACONTAINER000000") == true)
    await until { credentials.status.held?.expiresAtSeconds == Surroundings.start + 7_200 }
    #expect(await self.id(credentials) == "ASIACONTAINER0000001")
    await credentials.stop()
  }

  @Test func `what is good stays in use while the source fails`() async throws {
    let server = try await self.serve { request in
      request.number == 0 ? .answer(body: containerAnswer()) : .answer(status: 503)
    }
    let credentials = try self.credentials(server) { $0.firstBackoff = .milliseconds(1) }
    credentials.start()
    #expect(await self.id(credentials) == "ASIACONTAINER0000001")
    self.surroundings.moveClock(bySeconds: 3_000)
    try await self.wake(credentials)
    await until { server.seen.requests.count > 3 }
    #expect(await self.id(credentials) == "ASIACONTAINER0000001")
    #expect(credentials.status.failure?.hasSuffix("answered 503") == true)
    #expect(credentials.status.isGood(atSeconds: Surroundings.start + 3_599))
    self.surroundings.moveClock(bySeconds: 600)
    #expect(await self.id(credentials) == nil)
    await credentials.stop()
  }

  @Test func `a call that finds the clock past the end waits for the next ones`() async throws {
    let server = try await self.serve { request in
      .answer(body: containerAnswer(endsIn: Int64(request.number + 1) * 3_600))
    }
    let credentials = try self.credentials(server)
    credentials.start()
    _ = await self.ask(credentials)
    self.surroundings.moveClock(bySeconds: 4_000)
    #expect(
      try await self.ask(credentials).get().expiresAtSeconds == Surroundings.start + 7_200)
    #expect(server.seen.requests.count == 2)
    await credentials.stop()
  }

  @Test func `credentials that have ended when they come are told as such`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer(endsIn: -60)) }
    let credentials = try self.credentials(server) { $0.firstBackoff = .seconds(3_600) }
    credentials.start()
    #expect(
      await self.ask(credentials).failure
        == .unavailable(
          "container (AWS_CONTAINER_CREDENTIALS_FULL_URI): the credentials ended at "
            + "20260102T030305Z, or this machine's clock is wrong"))
    await credentials.stop()
  }

  @Test func `what AWS rejects is not handed out again, and calls wait for what follows`()
    async throws
  {
    let server = try await self.serve { request in
      .answer(body: containerAnswer("ASIACONTAINER000000\(request.number)"))
    }
    let credentials = try self.credentials(server)
    credentials.start()
    let first = try await self.ask(credentials).get()
    await withTaskGroup { group in
      for _ in 0..<10 {
        group.addTask {
          credentials.rejected(first)
          #expect(await self.id(credentials) == "ASIACONTAINER0000001")
        }
      }
    }
    #expect(server.seen.requests.count == 2)
    await credentials.stop()
  }

  @Test func `a file that vanishes does not make us somebody else`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    try self.surroundings.write(
      "credentials",
      "[default]\naws_access_key_id = AKIAFILE000000000001\n"
        + "aws_secret_access_key = s\n")
    let credentials = try self.credentials(server) { $0.firstBackoff = .milliseconds(1) }
    credentials.start()
    #expect(await self.id(credentials) == "AKIAFILE000000000001")
    try self.surroundings.remove("credentials")
    self.surroundings.moveClock(bySeconds: 60)
    try await self.wake(credentials)
    await until { credentials.status.failure != nil }
    #expect(await self.id(credentials) == "AKIAFILE000000000001")
    #expect(
      credentials.status.failure?.hasSuffix("container is not asked in its place") == true)
    try self.surroundings.write(
      "credentials",
      "[default]\naws_access_key_id = AKIAFILE000000000002\n"
        + "aws_secret_access_key = s\n")
    await until { credentials.status.failure == nil }
    #expect(await self.id(credentials) == "AKIAFILE000000000002")
    #expect(server.seen.connections == 0)
    await credentials.stop()
  }

  @Test func `after the stop nothing is asked, and nothing is left`() async throws {
    let server = try await self.serve { request in
      request.number == 0 ? .answer(body: containerAnswer()) : .silence
    }
    let credentials = try self.credentials(server)
    credentials.start()
    let first = try await self.ask(credentials).get()
    credentials.rejected(first)
    let waiting = Task { await self.ask(credentials) }
    await until { server.seen.requests.count == 2 }
    await credentials.stop()
    #expect(await waiting.value.failure != nil)
    await until { server.seen.openConnections == 0 }
    try await self.wake(credentials)
    credentials.rejected(first)
    credentials.start()
    #expect(await self.ask(credentials).failure != nil)
    #expect(server.seen.requests.count == 2)
  }

  @Test func `a stop before the start is a stop`() async throws {
    let server = try await self.serve { _ in .answer(body: containerAnswer()) }
    let credentials = try self.credentials(server)
    await credentials.stop()
    credentials.start()
    #expect(await self.ask(credentials).failure != nil)
    #expect(await !credentials.resolved().isResolved)
    #expect(server.seen.connections == 0)
  }

  @Test func `a call that waits goes on in its own loop, and is sent signed`() async throws {
    let server = try await self.serve { request in
      request.head.uri == "/" ? .answer(body: containerAnswer()) : .answer()
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let credentials = try self.credentials(server)
    let fleet = try UpstreamFleet(
      group: group,
      UpstreamConfiguration(
        endpoint: try #require(HTTPURL("http://127.0.0.1:\(server.port)")), region: "r"),
      credentials: credentials, observer: UnobservedUpstream(), clock: self.surroundings.clock)
    let loop = group.next()
    let jobs = try #require(fleet.backend(on: loop))
    async let isInLoop = LoopCaller(loop: loop).run {
      let call = GetPendingJobExecutions(thingName: "t")
      _ = try await jobs.getPending(call, in: CallContext(requestID: "r"))
      return loop.inEventLoop
    }
    credentials.start()
    #expect(try await isInLoop)
    let seen = try #require(server.seen.requests.last?.head.headers)
    #expect(seen["X-Amz-Security-Token"] == ["container-token"])
    await credentials.stop()
    await fleet.drain()
    try await group.shutdownGracefully()
  }
}
