// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import NIOCore
import NIOEmbedded
import NIOHTTP1
import RESTTestKit
import Testing

@testable import EmulatorServer
@testable import RESTServer

struct EmulatorResponderTests {
  private static let credential = Credential(accessKeyID: "AKID", secretAccessKey: "secret")
  private static let now = SigningTime(epochSeconds: 1_767_323_045)

  private typealias Responder = EmulatorResponder<RecordingBackend, RecordingBackend>

  private func makeResponder(
    _ backend: RecordingBackend = RecordingBackend(), faults: FaultPlan = .none,
    authentication: AuthenticationPolicy = .disabled, console: Bool = true,
    clock: EmulatorConsoleClock? = nil
  ) throws -> Responder {
    let desk = FaultDesk(faults)
    let ledger = RequestLedger()
    return EmulatorResponder(
      console: console ? EmulatorConsole(faults: desk, ledger: ledger, clock: clock) : nil,
      faults: desk, ledger: ledger, authentication: try Authentication(authentication),
      dataPlane: DataPlaneRoutes(backend), controlPlane: ControlPlaneRoutes(backend),
      errorForm: .header)
  }

  private func respond(
    _ request: ServerRequest, by responder: Responder
  ) async -> ServerResponse {
    await responder.respond(to: request, on: EmbeddedEventLoop())
  }

  private func signed(
    _ method: HTTPMethod, _ target: String, _ body: String = "",
    service: String = RequestSigner.jobsDataPlane, credential: Credential = Self.credential,
    at time: SigningTime = Self.now
  ) throws -> ServerRequest {
    var signer = try RequestSigner(region: "us-east-1", service: service)
    let signature = try signer.sign(
      method: method.rawValue, target: Array(target.utf8).span, host: "h",
      body: Array(body.utf8).span, credential: credential, at: time)
    return .made(
      method, target, body,
      headers: [
        "Host": "h", SignatureHeaders.dateName: signature.date,
        SignatureHeaders.authorizationName: signature.authorization,
      ])
  }

  // MARK: Who may call, and whom

  @Test func `the signature's service tells the planes apart`() async throws {
    let authentications: [AuthenticationPolicy] = [.disabled, .required([Self.credential])]
    for authentication in authentications {
      let backend = RecordingBackend()
      let responder = try self.makeResponder(backend, authentication: authentication)
      for target in ["/things/t/jobs", "/things/t/jobs/j"] {
        for service in [RequestSigner.jobsDataPlane, RequestSigner.controlPlane] {
          let request = try self.signed(.GET, target, service: service)
          #expect(await self.respond(request, by: responder).status == 200)
        }
      }
      #expect(
        backend.calls == [
          .getPending(GetPendingJobExecutions(thingName: "t")),
          .listForThing(ListJobExecutionsForThing(thingName: "t")),
          .describe(DescribeJobExecution(thingName: "t", jobID: "j")),
          .describeExecution(DescribeManagedJobExecution(thingName: "t", jobID: "j")),
        ])
    }
  }

  @Test func `a presigned URL names its service too`() async throws {
    let backend = RecordingBackend()
    let responder = try self.makeResponder(backend, authentication: .required([Self.credential]))
    for service in [RequestSigner.jobsDataPlane, RequestSigner.controlPlane] {
      var signer = try RequestSigner(region: "us-east-1", service: service)
      let url = try signer.presign(
        method: "GET", origin: "http://h", target: Array("/things/t/jobs".utf8).span, host: "h",
        expiresInSeconds: 60, credential: Self.credential, at: Self.now)
      let target = String(url.text.dropFirst("http://h".count))
      let request = ServerRequest.made(.GET, target, headers: ["Host": "h"])
      #expect(await self.respond(request, by: responder).status == 200)
    }
    #expect(
      backend.calls == [
        .getPending(GetPendingJobExecutions(thingName: "t")),
        .listForThing(ListJobExecutionsForThing(thingName: "t")),
      ])
  }

  @Test func `without a signature a shared path is the data plane's`() async throws {
    let backend = RecordingBackend()
    let responder = try self.makeResponder(backend)
    _ = await self.respond(.made(.GET, "/things/t/jobs"), by: responder)
    _ = await self.respond(.made(.GET, "/jobs"), by: responder)
    #expect(
      backend.calls == [
        .getPending(GetPendingJobExecutions(thingName: "t")), .listJobs(ListJobs()),
      ])
  }

  @Test func `who does not prove who he is reaches nothing`() async throws {
    let backend = RecordingBackend()
    let responder = try self.makeResponder(backend, authentication: .required([Self.credential]))
    let stranger = Credential(accessKeyID: "OTHER", secretAccessKey: "secret")
    let impostor = Credential(accessKeyID: "AKID", secretAccessKey: "guess")
    var tampered = try self.signed(.POST, "/things/t/jobs/j", #"{"status":"FAILED"}"#)
    tampered.body = ByteBuffer(string: #"{"status":"REMOVED"}"#)
    let table: [(ServerRequest, String)] = [
      (.made(.GET, "/things/t/jobs"), "MissingAuthenticationTokenException"),
      (
        try self.signed(.GET, "/things/t/jobs", credential: stranger),
        "UnrecognizedClientException"
      ),
      (try self.signed(.GET, "/things/t/jobs", credential: impostor), "InvalidSignatureException"),
      (
        try self.signed(.GET, "/things/t/jobs", at: Self.now.adding(seconds: -3_600)),
        "InvalidSignatureException"
      ),
      (tampered, "InvalidSignatureException"),
      // The data plane's credential is not the control plane's.
      (try self.signed(.GET, "/jobs"), "InvalidSignatureException"),
      (try self.signed(.GET, "/things/t/jobs", service: "s3"), "InvalidSignatureException"),
    ]
    for (request, name) in table {
      let response = await self.respond(request, by: responder)
      #expect(response.status == 403)
      #expect(response.header("x-amzn-ErrorType") == name)
    }
    #expect(backend.calls.isEmpty)
  }

  // MARK: Faults

  @Test(arguments: [
    ("error=ThrottlingException", 429, 0), ("status=500;when=after", 500, 1),
    ("drop=before", 200, 0), ("drop=after", 200, 1), ("truncate=after", 200, 1),
    ("body=html", 200, 1), ("body=output;when=before", 200, 0), ("", 200, 1),
    ("latency=oops", 400, 0),
  ])
  func `a request can bring its own fault`(fault: String, status: Int, carriedOut: Int) async throws
  {
    let backend = RecordingBackend()
    var plan = FaultPlan()
    plan.errorRate = 1
    let responder = try self.makeResponder(backend, faults: plan)
    let response = await self.respond(
      .made(
        .POST, "/things/t/jobs/j", #"{"status":"FAILED"}"#,
        headers: ["X-Emulator-Fault": fault]), by: responder)
    #expect(response.status == status)
    #expect(backend.calls.count == carriedOut)
    switch fault {
    case "drop=before", "drop=after": #expect(response.delivery == .dropped)
    case "truncate=after": #expect(response.delivery == .truncated(bodyBytes: 1))
    default: #expect(response.delivery == .whole)
    }
    let counts = responder.ledger.counts(of: .dataPlane(.update))
    #expect(counts.received == 1)
    #expect(counts.carriedOut == carriedOut)
    #expect(counts.succeeded == carriedOut)
  }

  @Test func `a call that the backend refuses is carried out and no success`() async throws {
    let refusal = AWSRefusal(
      name: "ResourceNotFoundException", httpStatus: 404, message: "", kind: .resourceNotFound)
    let responder = try self.makeResponder(
      RecordingBackend(failure: JobsFailure(.refused(refusal))))
    #expect(await self.respond(.made(.GET, "/things/t/jobs"), by: responder).status == 404)
    let counts = responder.ledger.counts(of: .dataPlane(.getPending))
    #expect(counts == .init(received: 1, carriedOut: 1, succeeded: 0))
  }

  @Test func `latency passes before the operation`() throws {
    let backend = RecordingBackend()
    let channel = EmbeddedChannel()
    var system = SystemRandomNumberGenerator()
    let handler = HTTP1RequestHandler(
      responder: try self.makeResponder(backend),
      executor: EmbeddedTaskExecutor(channel.embeddedEventLoop), settings: HTTP1Settings(),
      random: DistinctNumbers(seededBy: &system))
    try channel.pipeline.syncOperations.addHandlers([HTTP1Server.makeDecoder(), handler])
    try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fake")).wait()
    try channel.writeInbound(
      ByteBuffer(
        string: "GET /things/t/jobs HTTP/1.1\r\nHost: h\r\nx-emulator-fault: latency=250\r\n\r\n"))
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(249))
    #expect(backend.calls.isEmpty)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    channel.embeddedEventLoop.run()
    #expect(backend.calls.count == 1)
    #expect(try channel.readOutbound(as: ByteBuffer.self) != nil)
  }

  // MARK: The console

  @Test func `the console puts plans in force and takes them back`() async throws {
    let backend = RecordingBackend()
    let responder = try self.makeResponder(backend, authentication: .required([Self.credential]))
    let put = await self.respond(
      .made(.PUT, "/_emulator/faults", #"{"next": ["status=503", "drop=after"]}"#), by: responder)
    #expect(put.status == 200)
    #expect(put.text.contains(#""pendingNext":2"#))
    let call = try self.signed(.GET, "/things/t/jobs")
    #expect(await self.respond(call, by: responder).status == 503)
    #expect(await self.respond(call, by: responder).delivery == .dropped)
    #expect(await self.respond(call, by: responder).status == 200)
    let get = await self.respond(.made(.GET, "/_emulator/faults"), by: responder)
    #expect(get.text.contains(#""pendingNext":0"#))

    _ = await self.respond(
      .made(.PUT, "/_emulator/faults", #"{"dropBeforeRate": 1}"#), by: responder)
    #expect(await self.respond(call, by: responder).delivery == .dropped)
    #expect(await self.respond(.made(.DELETE, "/_emulator/faults"), by: responder).status == 200)
    #expect(await self.respond(call, by: responder).status == 200)
    #expect(responder.faults.current.plan == .none)
  }

  @Test(arguments: [
    (HTTPMethod.PUT, "/_emulator/faults", "[", 400), (.PUT, "/_emulator/faults", "[]", 400),
    (.PUT, "/_emulator/faults", #"{"x": 1}"#, 400), (.POST, "/_emulator/faults", "{}", 404),
    (.GET, "/_emulator/", "", 404), (.GET, "/_emulator/nonsense", "", 404),
    (.GET, "/_emulator/clock", "", 409),
    (.POST, "/_emulator/clock", #"{"advanceSeconds": 1}"#, 409),
  ])
  func `the console says what it cannot do`(
    method: HTTPMethod, target: String, body: String, status: Int
  ) async throws {
    let responder = try self.makeResponder()
    #expect(await self.respond(.made(method, target, body), by: responder).status == status)
  }

  @Test func `where it is not wanted there is no console`() async throws {
    let responder = try self.makeResponder(console: false)
    #expect(await self.respond(.made(.GET, "/_emulator/requests"), by: responder).status == 404)
  }

  @Test func `the console counts calls`() async throws {
    let responder = try self.makeResponder()
    responder.ledger.connectionAccepted()
    _ = await self.respond(.made(.GET, "/things/t/jobs"), by: responder)
    _ = await self.respond(.made(.GET, "/jobs"), by: responder)
    _ = await self.respond(.made(.GET, "/nowhere"), by: responder)
    let counted = await self.respond(.made(.GET, "/_emulator/requests"), by: responder)
    #expect(
      counted.text
        == #"{"connectionsAccepted":1,"unknownRequests":1,"operations":{"#
        + #""GetPendingJobExecutions":{"received":1,"carriedOut":1,"succeeded":1},"#
        + #""iot:ListJobs":{"received":1,"carriedOut":1,"succeeded":1}}}"#)
    let reset = await self.respond(.made(.DELETE, "/_emulator/requests"), by: responder)
    #expect(reset.text == #"{"connectionsAccepted":0,"unknownRequests":0,"operations":{}}"#)
  }

  @Test func `the console moves a clock that can be moved`() async throws {
    let clock = MovableClock()
    let responder = try self.makeResponder(
      clock: EmulatorConsoleClock(nowSeconds: { clock.now }, advance: { clock.now += $0 }))
    let moved = await self.respond(
      .made(.POST, "/_emulator/clock", #"{"advanceSeconds": 60}"#), by: responder)
    #expect(moved.text == #"{"nowSeconds":160}"#)
    let shown = await self.respond(.made(.GET, "/_emulator/clock"), by: responder)
    #expect(shown.text == #"{"nowSeconds":160}"#)
    for body in ["{}", #"{"advanceSeconds": -1}"#, #"{"advanceSeconds": 1e18}"#, "["] {
      let refused = await self.respond(.made(.POST, "/_emulator/clock", body), by: responder)
      #expect(refused.status == 400)
    }
    #expect(clock.now == 160)
  }
}
