// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import JobWatching
import JobsAPI
import NIOCore

/// `WatchPendingJobExecutions`: what is pending for some things, and each change of it.
///
/// It keeps a position for each thing and no news: what there is to say is looked up when there is
/// room to say it.
final class PendingWatchCall: StreamedCall {
  private var scene: WatchScene
  private var positions: [WatchPosition] = []
  /// Whose news is looked for first: things take turns.
  private var turn = 0
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
    let call: WatchPendingJobExecutions
    do throws(WireError) {
      call = try WatchPendingJobExecutions(
        wire: message.span, thingLimit: self.scene.watches.settings.thingsPerStream)
    } catch {
      throw RPCFailure(error)
    }
    let reads = call.thingNames.map { JobsCall.getPending(.init(thingName: $0)) }
    if let failure = self.scene.authorize(reads) { throw failure }
    guard let known = ResumeToken.decode(call.resumeToken) else { throw .invalidToken() }
    do throws(WatchRefusal) {
      (self.scene.place, self.positions) = try self.scene.watches.watch(
        call.thingNames, knowing: known, waker: self.scene.newsArrived)
    } catch {
      throw RPCFailure(error)
    }
  }

  func requestEnded() {}

  func nextAnswer() -> OnNextAnswer {
    if let failure = self.failure { return .end(failure) }
    guard let place = self.scene.place else { return .wait }
    let now = self.scene.loop.now
    if self.scene.life.isOver(now) { return .end(.watchExpired) }
    for _ in self.positions.indices {
      let index = self.turn
      self.turn = (index + 1) % self.positions.count
      switch self.scene.watches.news(after: self.positions[index]) {
      case .nothing: continue
      case .news(let news, let position):
        self.positions[index] = position
        return self.tell(news, now)
      case .refused(let failure):
        let read = GetPendingJobExecutions(thingName: self.positions[index].thingName)
        return .end(StatusMapping.failure(for: failure, of: .getPending(read)))
      }
    }
    if self.scene.life.isHeartbeatDue(now) {
      let seconds = self.scene.watches.secondsSinceAnswer(place)
      return self.tell(.heartbeat(secondsSinceAnswer: seconds), now)
    }
    self.scene.waits(beating: true, now)
    return .wait
  }

  private func tell(_ news: PendingNews, _ now: NIODeadline) -> OnNextAnswer {
    self.scene.life.told(now)
    let token = ResumeToken.encode(self.positions)
    return .message(.framed { WireResponse.append(news, resumeToken: token, to: &$0) })
  }

  func stopped(_ code: GRPCStatusCode) { self.scene.ended(code) }
}
