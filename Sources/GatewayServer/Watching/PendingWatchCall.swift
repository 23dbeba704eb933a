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
  private let watches: JobWatches
  private var scene: WatchScene
  private var positions: [WatchPosition] = []
  /// Whose news is looked for first: things take turns.
  private var turn = 0
  private var place: WatchPlace?
  private var life: WatchLife
  private var timer: Scheduled<Void>?
  private var failure: RPCFailure?

  init(_ watches: JobWatches, _ scene: WatchScene) {
    self.watches = watches
    self.scene = scene
    self.life = WatchLife(watches.settings, scene)
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
        wire: message.span, thingLimit: self.watches.settings.thingsPerStream)
    } catch {
      throw RPCFailure(error)
    }
    let reads = call.thingNames.map { JobsCall.getPending(.init(thingName: $0)) }
    if let failure = self.scene.authorize(reads) { throw failure }
    guard let known = ResumeToken.decode(call.resumeToken) else { throw .invalidToken() }
    do throws(WatchRefusal) {
      (self.place, self.positions) = try self.watches.watch(
        call.thingNames, knowing: known, waker: self.scene.newsArrived)
    } catch {
      throw RPCFailure(error)
    }
  }

  func requestEnded() {}

  func nextAnswer() -> OnNextAnswer {
    if let failure = self.failure { return .end(failure) }
    guard let place = self.place else { return .wait }
    let now = self.scene.loop.now
    if self.life.isOver(now) { return .end(.watchExpired) }
    for _ in self.positions.indices {
      let index = self.turn
      self.turn = (index + 1) % self.positions.count
      switch self.watches.news(after: self.positions[index]) {
      case .nothing: continue
      case .news(let news, let position):
        self.positions[index] = position
        return self.tell(news, now)
      case .refused(let failure):
        let read = GetPendingJobExecutions(thingName: self.positions[index].thingName)
        return .end(StatusMapping.failure(for: failure, of: .getPending(read)))
      }
    }
    if self.life.isHeartbeatDue(now) {
      let seconds = self.watches.secondsSinceAnswer(place)
      return self.tell(.heartbeat(secondsSinceAnswer: seconds), now)
    }
    if let wakesAt = self.life.waits(beating: true, now) {
      self.timer = self.scene.wake(at: wakesAt)
    }
    return .wait
  }

  private func tell(_ news: PendingNews, _ now: NIODeadline) -> OnNextAnswer {
    self.life.told(now)
    let token = ResumeToken.encode(self.positions)
    return .message(.framed { WireResponse.append(news, resumeToken: token, to: &$0) })
  }

  func stopped(_ code: GRPCStatusCode) {
    self.timer?.cancel()
    if let place = self.place.take() { self.watches.stop(place) }
    self.scene.ended(code)
  }
}

extension WatchLife {
  init(_ settings: WatchSettings, _ scene: WatchScene) {
    self.init(
      settings.longestWatch, heartbeat: settings.heartbeat, jitter: .random(in: 0...1),
      now: scene.loop.now)
  }
}
