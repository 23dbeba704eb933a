// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import CryptoEngine
import GatewayTestKit
import JobsAPI
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import Transport

@testable import Upstream

@Suite(.serialized, .timeLimit(.minutes(1))) struct FetcherTests {
  private let group = MultiThreadedEventLoopGroup.singleton

  private func serve(
    security: TLSServerContext? = nil,
    _ react: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reaction
  ) async throws -> ScriptedServer {
    try await ScriptedServer.start(on: self.group.next(), security: security, react: react)
  }

  private func url(_ server: ScriptedServer, _ rest: String = "") throws -> HTTPURL {
    try #require(HTTPURL("http://127.0.0.1:\(server.port)\(rest)", allowsQuery: true))
  }

  private func fetch(
    _ request: FetchRequest, tls: TLSClientContext? = nil, limits: FetchLimits = FetchLimits()
  ) async -> Result<UpstreamResponse, FetchFailure> {
    do throws(FetchFailure) {
      return .success(
        try await Fetcher(on: self.group.next(), tls: tls, userAgent: "agent")
          .fetch(request, limits: limits))
    } catch {
      return .failure(error)
    }
  }

  @Test func `a request goes out as it was put together`() async throws {
    let server = try await self.serve { _ in .answer(status: 404, body: "none") }
    var request = FetchRequest(
      .post, try self.url(server, "/base/"), target: "/a%20b?c=d", body: Array("x=y".utf8),
      contentType: "text/plain")
    request.add("X-Token", Secret("t"))
    let response = try await self.fetch(request).get()
    #expect(response.head.status == 404 && response.body == Array("none".utf8))
    let seen = try #require(server.seen.requests.first)
    #expect(seen.head.method == .POST && seen.head.uri == "/base/a%20b?c=d" && seen.body == "x=y")
    let fields = Dictionary(uniqueKeysWithValues: seen.head.headers.map { ($0.name, $0.value) })
    #expect(
      fields == [
        "Host": "127.0.0.1:\(server.port)", "User-Agent": "agent", "Accept": "*/*",
        "Accept-Encoding": "identity", "Connection": "close", "Content-Type": "text/plain",
        "Content-Length": "3", "X-Token": "t",
      ])
  }

  @Test(arguments: [("", "/"), ("/v1?x=1", "/v1?x=1"), ("?x", "/?x")])
  func `without a target of its own a request asks for the URL's`(
    rest: String, target: String
  ) async throws {
    let server = try await self.serve { _ in .answer() }
    _ = try await self.fetch(FetchRequest(.get, try self.url(server, rest))).get()
    let seen = try #require(server.seen.requests.first?.head)
    #expect(seen.uri == target && !seen.headers.contains(name: "Content-Length"))
  }

  @Test func `an empty PUT says that it is empty`() async throws {
    let server = try await self.serve { _ in .answer() }
    _ = try await self.fetch(FetchRequest(.put, try self.url(server))).get()
    #expect(server.seen.requests.first?.head.headers["Content-Length"] == ["0"])
  }

  @Test func `a signed request verifies at the other end`() async throws {
    let server = try await self.serve { _ in .answer() }
    let credential = Credential(
      accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token")
    let time = SigningTime(epochSeconds: 1_767_323_045)
    var request = FetchRequest(
      .post, try self.url(server), body: Array("a=b".utf8), contentType: STSRequest.contentType)
    try request.sign(as: .sts, region: "eu-west-1", with: credential, at: time)
    _ = try await self.fetch(request).get()
    let seen = try #require(server.seen.requests.first?.head.headers)
    #expect(seen["X-Amz-Date"] == ["20260102T030405Z"])
    #expect(seen["X-Amz-Security-Token"] == ["token"])
    var signer = try RequestSigner(region: "eu-west-1", service: "sts")
    let expected = try signer.sign(
      method: "POST", target: Array("/".utf8).span, host: "127.0.0.1:\(server.port)",
      headers: [("content-type", STSRequest.contentType)], body: Array("a=b".utf8).span,
      credential: credential, at: time)
    #expect(seen["Authorization"] == [expected.authorization])
  }

  @Test(arguments: ["a\r\nX: y", "a\0", "ü"])
  func `what could end a line early is not sent`(value: String) async throws {
    let server = try await self.serve { _ in .answer() }
    var request = FetchRequest(.get, try self.url(server))
    request.add("X-Token", Secret(value))
    #expect(await self.fetch(request).failure == .unsendable)
    let odd = FetchRequest(.get, try self.url(server), target: "/\(value)")
    #expect(await self.fetch(odd).failure == .unsendable)
    #expect(server.seen.connections == 0)
  }

  @Test func `each fetch has its own connection, which is closed when it is done`() async throws {
    // The server would keep it open.
    let server = try await self.serve { _ in .answer() }
    for _ in 0..<3 { _ = try await self.fetch(FetchRequest(.get, try self.url(server))).get() }
    #expect(server.seen.connections == 3)
    await until { server.seen.openConnections == 0 }
  }

  @Test(arguments: [
    (ScriptedServer.Reaction.close, ExchangeFailure.closedBeforeResponse(reused: false)),
    (.raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", thenClose: true), .interrupted),
    (.raw("nonsense\r\n\r\n", thenClose: false), .malformedResponse(.notHTTP)),
    (
      .raw("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", thenClose: false),
      .malformedResponse(.bodyTooLarge(limit: 65_536))
    ),
  ])
  func `a broken answer is a failure`(
    reaction: ScriptedServer.Reaction, failure: ExchangeFailure
  ) async throws {
    let server = try await self.serve { _ in reaction }
    #expect(
      await self.fetch(FetchRequest(.get, try self.url(server))).failure == .exchange(failure))
    await until { server.seen.openConnections == 0 }
  }

  @Test func `a redirect is an answer like any other`() async throws {
    let server = try await self.serve { _ in
      .answer(status: 302, headers: [("Location", "http://169.254.169.254/")])
    }
    let response = try await self.fetch(FetchRequest(.get, try self.url(server))).get()
    #expect(response.head.status == 302)
    #expect(server.seen.requests.count == 1)
  }

  @Test func `an answer that does not come is waited for so long and no longer`() async throws {
    let server = try await self.serve { _ in .silence }
    let failure = await self.fetch(
      FetchRequest(.get, try self.url(server)), limits: FetchLimits(total: .milliseconds(20))
    ).failure
    #expect(failure?.isTimeout == true)
    await until { server.seen.openConnections == 0 }
  }

  @Test func `a port where nobody listens refuses`() async throws {
    // No port that is given out to whoever asks for any, as that of a server that has just stopped is.
    let url = try #require(HTTPURL("http://127.0.0.1:1"))
    let failure = await self.fetch(FetchRequest(.get, url)).failure
    #expect(failure?.words == "connection refused")
    #expect(failure?.isTimeout == false)
  }

  @Test func `a fetch that is cancelled takes its connection with it`() async throws {
    let server = try await self.serve { _ in .silence }
    let url = try self.url(server)
    let task = Task { await self.fetch(FetchRequest(.get, url)) }
    await until { !server.seen.requests.isEmpty }
    task.cancel()
    #expect(await task.value.failure == .exchange(.cancelled(requestSent: true)))
    await until { server.seen.openConnections == 0 }
  }

  @Test func `a fetch that was cancelled before it began sends nothing`() async throws {
    let server = try await self.serve { _ in .answer() }
    let url = try self.url(server)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return await self.fetch(FetchRequest(.get, url))
    }
    task.cancel()
    #expect(await task.value.failure == .exchange(.cancelled(requestSent: false)))
    #expect(server.seen.requests.isEmpty)
  }

  @Test func `https is spoken with whom the certificate names`() async throws {
    let fixture = try SecureFixture()
    let server = try await self.serve(security: fixture.server) { _ in .answer(body: "safe") }
    let url = try #require(HTTPURL("https://127.0.0.1:\(server.port)"))
    let response = try await self.fetch(FetchRequest(.get, url), tls: fixture.client).get()
    #expect(response.body == Array("safe".utf8))
    let other = try #require(HTTPURL("https://localhost:\(server.port)"))
    let failure = await self.fetch(FetchRequest(.get, other), tls: fixture.client).failure
    #expect(failure?.words.hasPrefix("TLS: certificate rejected: hostname mismatch") == true)
    #expect(await self.fetch(FetchRequest(.get, url)).failure == .noTLS)
    #expect(server.seen.requests.count == 1)
  }

  @Test func `a proxy is asked for a way, unless the request goes straight`() async throws {
    let proxy = try await self.serve { _ in .answer(status: 403) }
    let proxies = try ProxySettings(
      AWSEnvironment([
        "HTTP_PROXY": "http://user:password@127.0.0.1:\(proxy.port)",
        "HTTPS_PROXY": "https://127.0.0.1:\(proxy.port)",
      ]))
    let fetcher = Fetcher(
      on: self.group.next(), tls: try SecureFixture().client, proxies: proxies)
    func failure(_ url: String, isDirect: Bool = false) async throws -> FetchFailure? {
      var request = FetchRequest(.get, try #require(HTTPURL(url)))
      request.isDirect = isDirect
      do throws(FetchFailure) {
        _ = try await fetcher.fetch(request, limits: FetchLimits(total: .milliseconds(300)))
        return nil
      } catch {
        return error
      }
    }
    let refused = try await failure("http://sts.invalid")
    #expect(refused?.words.contains("403") == true)
    let seen = try #require(proxy.seen.requests.first?.head)
    #expect(seen.method == .CONNECT && seen.uri == "sts.invalid:80")
    #expect(seen.headers["Proxy-Authorization"] == ["Basic dXNlcjpwYXNzd29yZA=="])
    #expect(
      try await failure("https://sts.invalid")?.words
        == "HTTPS_PROXY names a proxy behind https, which is not supported")
    #expect(try await failure("http://sts.invalid", isDirect: true) != nil)
    #expect(proxy.seen.requests.count == 1)
  }

  @Test func `a request that is printed shows neither fields nor body`() throws {
    var request = FetchRequest(
      .post, try #require(HTTPURL("http://h/secret-path", allowsQuery: true)),
      target: "/?key=secret-query", body: Array("secret-body".utf8))
    request.add("Authorization", Secret("secret-token"))
    var dumped = ""
    dump(request, to: &dumped)
    for text in ["\(request)", String(reflecting: request), dumped] {
      #expect(text.contains("h") && !text.contains("secret"))
    }
  }
}

/// Waits for something that another thread will surely bring about. The suite's time limit ends
/// what waits in vain.
func until(_ condition: () -> Bool) async {
  while !condition() { await Task.yield() }
}
