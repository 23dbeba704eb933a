// SPDX-License-Identifier: Apache-2.0

import EmulatorServer
import JobsAPI
import JobsEmulator
import NIOCore
import NIOHTTP1
import RESTServer
import Synchronization

/// The first byte chooses. Requests to an emulator, one after the other: method and target on one
/// line, the body on the next; `+` in place of a method lets a quarter of an hour pass. Or a fault as
/// a request asks for it, or a plan of faults.
enum RequestsTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    switch input.byte() % 4 {
    case 0: try Self.checkFault(String(decoding: input.rest, as: UTF8.self))
    case 1: try Self.checkPlan(Array(input.rest))
    default:
      let answers = try Self.play(input)
      try claim(answers == Self.play(input), "the same requests have the same answers")
    }
  }

  private static func checkFault(_ text: String) throws(BrokenClaim) {
    guard let fault = try? Fault(text: text) else { return }
    let again = fault.text
    guard again.utf8.count <= Fault.textLimitBytes else { return }
    try claim((try? Fault(text: again)) == fault, "a fault reads back: \(again)")
  }

  private static func checkPlan(_ text: [UInt8]) throws(BrokenClaim) {
    guard let json = try? JSONValue(parsing: text), let plan = try? FaultPlan(json: json)
    else { return }
    var writer = JSONWriter()
    writer.object { plan.writeMembers(into: &$0) }
    let again = (try? JSONValue(parsing: writer.bytes)).flatMap { try? FaultPlan(json: $0) }
    try claim(again == plan, "a plan of faults reads back")
  }

  private static func play(_ input: InputReader) throws(BrokenClaim) -> [ServerResponse] {
    var input = input
    let service = Service()
    var answers: [ServerResponse] = []
    while !input.isEmpty, answers.count < 32 {
      let words = input.line().split(separator: UInt8(ascii: " "), maxSplits: 1)
      let method = String(decoding: words.first ?? [], as: UTF8.self)
      guard method != "+" else {
        service.clock.advance(bySeconds: 900)
        continue
      }
      let request = ServerRequest(
        method: HTTPMethod(rawValue: method),
        target: String(decoding: words.count > 1 ? words[1] : [], as: UTF8.self),
        headers: ["host": "localhost"], body: ByteBuffer(bytes: input.line()), id: "id",
        receivedAtSeconds: service.clock.nowSeconds)
      guard let answer = service.answer(request) else {
        throw BrokenClaim(words: "the emulator answers at once")
      }
      try Self.check(answer, to: request)
      answers.append(answer)
    }
    return answers
  }

  private static func check(
    _ answer: ServerResponse, to request: ServerRequest
  ) throws(BrokenClaim) {
    try claim(200..<500 ~= answer.status, "no request is the emulator's fault: \(answer.status)")
    try claim((try? JSONValue(parsing: answer.body))?.isObject == true, "an answer is an object")
    let values = answer.headers.map(\.value) + [answer.requestID ?? "-"]
    try claim(
      values.allSatisfy { $0.utf8.allSatisfy { 0x20...0x7E ~= $0 } }, "a header keeps to its line")
    guard answer.status == 200, let target = try? RequestTarget(request.target),
      case .describe? = JobsOperation(method: request.method, target: target),
      let thing = try? target.label(1), let job = try? target.label(3)
    else { return }
    let call = DescribeJobExecution(thingName: thing, jobID: job)
    do throws(JobsFailure) {
      _ = try call.readReply(RESTResponseHead(status: 200), body: answer.body.span)
    } catch {
      throw BrokenClaim(words: "the gateway reads what the emulator answers: \(error)")
    }
  }
}

/// Both planes before an emulator whose time stands still.
private struct Service {
  let clock = ManualClock(nowSeconds: 1_767_323_045)
  private let dataPlane: DataPlaneRoutes<JobsEmulator>
  private let controlPlane: ControlPlaneRoutes<JobsEmulator>

  init() {
    let emulator = JobsEmulator(clock: .manual(self.clock))
    self.dataPlane = DataPlaneRoutes(emulator)
    self.controlPlane = ControlPlaneRoutes(emulator)
  }

  /// Nil if answering has to wait for something.
  func answer(_ request: ServerRequest) -> ServerResponse? {
    let answer = Mutex<ServerResponse?>(nil)
    // Runs to the first suspension before this returns, and there is none.
    Task.immediate {
      let response = await self.respond(to: request)
      answer.withLock { $0 = response }
    }
    return answer.withLock { $0 }
  }

  private func respond(to request: ServerRequest) async -> ServerResponse {
    do throws(AWSError) {
      let target = try RequestTarget(request.target)
      let operation = ServedOperation(
        method: request.method, target: target, signedFor: request.claimedService)
      switch operation {
      case .dataPlane(let operation)?:
        return try await self.dataPlane.respond(to: request, target: target, operation: operation)
      case .controlPlane(let operation)?:
        return try await self.controlPlane.respond(
          to: request, target: target, operation: operation)
      case nil: throw AWSError.unknownOperation
      }
    } catch {
      return error.response(form: .both)
    }
  }
}
