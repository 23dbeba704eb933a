// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Foundation
import JobsAPI
import Testing

@testable import Upstream

/// One case of Tests/Vectors/sigv4-presign.json, as far as it concerns a call.
private struct PresignVector: Decodable {
  struct Input: Decodable {
    var thingName: String
    var jobId: String?
    var executionNumber: Int64?
    var includeJobDocument: Bool?
  }
  struct Credentials: Decodable {
    var accessKeyId: String
    var secretAccessKey: String
    var sessionToken: String?
  }
  struct Expected: Decodable {
    var url: String
    var credentialScope: String
  }

  var id: String
  var tags: [String]
  var operation: String
  var modelValid: Bool
  var input: Input
  var credentials: Credentials
  var time: String
  var expires: Int64
  var expected: Expected

  static func load() throws -> [PresignVector] {
    struct Cases: Decodable { var cases: [PresignVector] }
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Vectors/sigv4-presign.json")
    return try JSONDecoder().decode(Cases.self, from: Data(contentsOf: url)).cases
  }

  var call: JobsCall? {
    switch self.operation {
    case "DescribeJobExecution":
      var call = DescribeJobExecution(
        thingName: self.input.thingName, jobID: self.input.jobId ?? "")
      call.executionNumber = self.input.executionNumber
      call.includeJobDocument = self.input.includeJobDocument
      return .describe(call)
    case "GetPendingJobExecutions":
      return .getPending(GetPendingJobExecutions(thingName: self.input.thingName))
    default: return nil
    }
  }

  /// What comes before the operation's own path.
  var endpoint: HTTPURL? {
    guard let end = self.expected.url.firstRange(of: "/things/")?.lowerBound else { return nil }
    return HTTPURL(String(self.expected.url[..<end]))
  }

  var region: String { String(self.expected.credentialScope.split(separator: "/")[1]) }

  var credential: Credential {
    Credential(
      accessKeyID: self.credentials.accessKeyId, secretAccessKey: self.credentials.secretAccessKey,
      sessionToken: self.credentials.sessionToken)
  }
}

extension String {
  /// The path and the members of the query, in no order.
  fileprivate var members: Set<Substring> { Set(self.split { $0 == "?" || $0 == "&" }) }
}

@Suite struct JobsPresignerTests {
  private static let now: Int64 = 1_767_323_045
  private static let keys = Credential(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")

  private func presigner(
    _ credential: Credential = keys, offset: ClockOffset = ClockOffset()
  ) throws -> JobsPresigner {
    JobsPresigner(
      try #require(HTTPURL("http://127.0.0.1:4566/base/")), region: "eu-west-1",
      credentials: FixedCredential(credential), clock: WallClock { Self.now }, offset: offset)
  }

  private static var update: JobsCall {
    var update = UpdateJobExecution(thingName: "a:b", jobID: "j", status: .succeeded)
    update.statusDetails = StatusDetails([("k", "v")])
    return .update(update)
  }

  @Test func `reads come out byte for byte as from AWS's own client`() async throws {
    var count = 0
    for vector in try PresignVector.load() where vector.modelValid {
      guard let call = vector.call, let endpoint = vector.endpoint,
        !vector.tags.contains("out-of-range")
      else { continue }
      let time = try #require(SigningTime(stamp: vector.time)).epochSeconds
      let presigner = JobsPresigner(
        endpoint, region: vector.region, credentials: FixedCredential(vector.credential),
        clock: WallClock { time })
      let presigned = try await presigner.presign(
        PresignRequest(call, expiresInSeconds: vector.expires))
      #expect(presigned.url.members == vector.expected.url.members, "\(vector.id)")
      // Of two members AWS's client puts first what its caller named first; signatures do not mind.
      if vector.input.executionNumber == nil || vector.input.includeJobDocument == nil {
        #expect(presigned.url == vector.expected.url, "\(vector.id)")
      }
      #expect(presigned.method == "GET")
      #expect(presigned.headers.isEmpty && presigned.body == nil)
      #expect(presigned.expiresAtSeconds == time + vector.expires)
      count += 1
    }
    #expect(count > 50)
  }

  @Test(arguments: [
    .describe(DescribeJobExecution(thingName: "a:b", jobID: "$next")),
    .getPending(GetPendingJobExecutions(thingName: "a:b")),
    .startNext(StartNextPendingJobExecution(thingName: "a:b")), JobsPresignerTests.update,
  ])
  func `a verifier lets each in as it is, and nothing else`(call: JobsCall) async throws {
    let presigned = try await self.presigner().presign(PresignRequest(call, expiresInSeconds: 60))
    #expect(presigned.expiresInSeconds == 60 && !presigned.isCutShort)
    let target = String(presigned.url.dropFirst("http://127.0.0.1:4566".count))
    let headers = [(name: "Host", value: "127.0.0.1:4566")] + presigned.headers
    let body = presigned.body ?? []
    func verdict(
      _ method: String? = nil, _ sent: [(name: String, value: String)]? = nil, body: [UInt8] = body,
      after seconds: Int64 = 0
    ) throws -> Bool {
      var verifier = try SignatureVerifier(credentials: [Self.keys], region: "eu-west-1")
      let verdict = verifier.verify(
        method: method ?? presigned.method, target: target, headers: sent ?? headers,
        body: body.span, service: RequestSigner.jobsDataPlane,
        now: SigningTime(epochSeconds: Self.now + seconds))
      if case .verified = verdict { return true }
      return false
    }
    #expect(try verdict())
    #expect(try verdict(after: 60))
    #expect(try !verdict(after: 61))
    #expect(try !verdict("DELETE"))
    #expect(try !verdict(body: body + [0x20]))
    if call.operation.isWrite {
      #expect(presigned.headers.map(\.name) == ["content-type"])
      #expect(try !verdict(body: []))
      #expect(try !verdict(nil, [headers[0]]))
    }
  }

  @Test func `another verb is signed as asked`() async throws {
    let call = JobsCall.describe(DescribeJobExecution(thingName: "t", jobID: "j"))
    let asked = PresignRequest(call, httpMethod: "HEAD")
    let head = try await self.presigner().presign(asked)
    let get = try await self.presigner().presign(PresignRequest(call))
    #expect(head.method == "HEAD" && get.method == "GET")
    #expect(head.url != get.url)
    #expect(get.expiresInSeconds == 3_600)
  }

  @Test func `no URL outlives its credential, and says so`() async throws {
    func credential(_ seconds: Int64) -> Credential {
      Credential(
        accessKeyID: "ASIA", secretAccessKey: "s", sessionToken: "t",
        expiresAtSeconds: Self.now + seconds)
    }
    let request = PresignRequest(
      .getPending(GetPendingJobExecutions(thingName: "t")), expiresInSeconds: 100)
    let cut = try await self.presigner(credential(99)).presign(request)
    #expect(cut.isCutShort && cut.expiresInSeconds == 99)
    #expect(cut.expiresAtSeconds == Self.now + 99)
    #expect(cut.url.contains("X-Amz-Expires=99&"))
    let whole = try await self.presigner(credential(100)).presign(request)
    #expect(!whole.isCutShort && whole.expiresInSeconds == 100)
    let none = await #expect(throws: JobsFailure.self) {
      try await self.presigner(credential(0)).presign(request)
    }
    #expect(none?.cause == .credentialsUnavailable("the credential has expired"))
  }

  @Test func `AWS's clock is signed, and the own one judges the credential`() async throws {
    let offset = ClockOffset()
    let refusal = AWSRefusal(
      name: "RequestTimeTooSkewed", httpStatus: 403, message: "", kind: .clockSkew)
    let date = "Fri, 02 Jan 2026 04:04:05 GMT"
    #expect(
      offset.refused(refusal, date: date, signedAt: Self.now, now: Self.now)
        == .corrected(seconds: 3_600))
    let credential = Credential(
      accessKeyID: "ASIA", secretAccessKey: "s", sessionToken: "t",
      expiresAtSeconds: Self.now + 50)
    let presigned = try await self.presigner(credential, offset: offset).presign(
      PresignRequest(.getPending(GetPendingJobExecutions(thingName: "t"))))
    #expect(presigned.url.contains("X-Amz-Date=20260102T040405Z"))
    #expect(presigned.expiresInSeconds == 50)
    #expect(presigned.expiresAtSeconds == Self.now + 3_650)
  }

  @Test func `what is out of range is not signed`() async throws {
    let call = JobsCall.getPending(GetPendingJobExecutions(thingName: "t"))
    for (request, field) in [
      (PresignRequest(call, expiresInSeconds: 0), "expires_in"),
      (PresignRequest(call, expiresInSeconds: 604_801), "expires_in"),
      (PresignRequest(call, httpMethod: "get"), "http_method"),
      (PresignRequest(call, httpMethod: "GET\nX"), "http_method"),
      (PresignRequest(call, httpMethod: ""), "http_method"),
      (PresignRequest(call, httpMethod: String(repeating: "A", count: 17)), "http_method"),
    ] {
      let failure = await #expect(throws: JobsFailure.self) {
        try await self.presigner().presign(request)
      }
      guard case .invalid(let violations)? = failure?.cause else {
        Issue.record("\(field): \(String(describing: failure))")
        continue
      }
      #expect(violations.map(\.field) == [field])
    }
  }

  @Test func `a URL is in no print of it`() async throws {
    let presigned = try await self.presigner().presign(
      PresignRequest(.getPending(GetPendingJobExecutions(thingName: "t"))))
    var dumped = ""
    dump(presigned, to: &dumped)
    for text in ["\(presigned)", String(reflecting: presigned), dumped] {
      #expect(!text.contains("Signature") && !text.contains("http"))
    }
  }
}
