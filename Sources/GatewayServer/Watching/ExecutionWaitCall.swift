// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobWatching
import JobsAPI
import NIOCore

/// `WaitForJobExecution`: one answer, when an execution has come so far.
final class ExecutionWaitCall: StreamedCall {
  private var scene: WatchScene
  private var call: WaitForJobExecution?
  private var failure: RPCFailure?

  init(_ scene: WatchScene) {
    self.scene = scene
    self.failure = scene.refusal
  }

  func received(_ message: [UInt8]) {
    do throws(RPCFailure) {
      try self.begin(message)
    } catch {
      self.failure = error
    }
  }

  private func begin(_ message: [UInt8]) throws(RPCFailure) {
    let call: WaitForJobExecution
    do throws(WireError) {
      call = try WaitForJobExecution(wire: message.span)
    } catch {
      throw RPCFailure(error)
    }
    if let failure = self.scene.authorize([.describe(Self.read(for: call))]) { throw failure }
    self.call = call
    do throws(WatchRefusal) {
      self.scene.place = try self.scene.watches.wait(
        for: ExecutionKey(call.jobID, call.executionNumber), of: call.thingName,
        waker: self.scene.newsArrived)
    } catch {
      throw RPCFailure(error)
    }
  }

  var asked: JobsCall? { self.call.map { .describe(Self.read(for: $0)) } }

  func requestEnded() {}

  func nextAnswer() -> OnNextAnswer {
    if let failure = self.failure { return .end(failure) }
    guard let call = self.call, let place = self.scene.place else { return .wait }
    let now = self.scene.loop.now
    switch self.scene.watches.awaited(place) {
    case .seen(let execution) where execution.satisfies(call):
      return .lastMessage(.framed { WireResponse.append(execution, to: &$0) })
    case .refused(let failure, let isOfThing):
      let read: JobsCall =
        isOfThing
        ? .getPending(.init(thingName: call.thingName)) : .describe(Self.read(for: call))
      return .end(StatusMapping.failure(for: failure, of: read))
    case .seen, .nothing: break
    }
    if self.scene.life.isOver(now) { return .end(.watchExpired) }
    self.scene.waits(beating: false, now)
    return .wait
  }

  private static func read(for call: WaitForJobExecution) -> DescribeJobExecution {
    var read = DescribeJobExecution(thingName: call.thingName, jobID: call.jobID)
    read.executionNumber = call.executionNumber
    return read
  }

  func stopped(_ code: GRPCStatusCode) { self.scene.ended(code) }
}
