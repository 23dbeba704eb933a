// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import GatewayTestKit
import Testing

@testable import Upstream

/// Any time will do.
private let start: Int64 = 1_767_323_045

private func credential(_ name: String = "one", endsIn seconds: Int64? = 3_600) -> Credential {
  Credential(
    accessKeyID: name, secretAccessKey: "s", sessionToken: "t",
    expiresAtSeconds: seconds.map { start + $0 })
}

private func found(
  _ credential: Credential, kind: CredentialSourceKind = .container,
  renewal: FoundCredential.Renewal = .byExpiry
) -> FoundCredential {
  FoundCredential(credential, kind: kind, origin: "somewhere", renewal: renewal)
}

@Suite struct RefreshStateTests {
  /// A state that rests on a credential, found at the start.
  private func resting(
    on found: FoundCredential, timing: RefreshTiming = RefreshTiming()
  ) -> RefreshState {
    var state = RefreshState(timing: timing)
    _ = state.started()
    _ = state.succeeded(found, atSeconds: start, random: 0)
    return state
  }

  @Test func `before the first answer calls wait`() {
    var state = RefreshState(timing: RefreshTiming())
    #expect(state.asked(atSeconds: start) == .wait)
    #expect(state.isUnderWay == true)
    #expect(state.started() == true)
    #expect(state.started() == false)
    #expect(state.asked(atSeconds: start) == .wait)
    #expect(state.woke(atSeconds: start) == .ignore)
  }

  @Test func `a credential is renewed a quarter of an hour ahead of its end`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    let one = credential()
    #expect(
      state.succeeded(found(one), atSeconds: start, random: 0)
        == .use(one, wakeAfter: .seconds(300)))
    #expect(state.isUnderWay == false)
    #expect(state.asked(atSeconds: start) == .use(one))
    // It looks at the clock on the way.
    #expect(state.woke(atSeconds: start + 300) == .sleep(.seconds(300)))
    #expect(state.woke(atSeconds: start + 2_690) == .sleep(.seconds(10)))
    #expect(state.woke(atSeconds: start + 2_700) == .attempt)
    #expect(state.woke(atSeconds: start + 2_700) == .ignore)
    #expect(state.asked(atSeconds: start + 2_700) == .use(one))
    let two = credential("two", endsIn: 7_200)
    #expect(
      state.succeeded(found(two), atSeconds: start + 2_701, random: 0)
        == .use(two, wakeAfter: .seconds(300)))
    #expect(state.asked(atSeconds: start + 2_701) == .use(two))
    #expect(state.succeeded(found(one), atSeconds: start, random: 0) == .ignore)
  }

  @Test(arguments: [3, 30, 900, 2_700, 43_200])
  func `renewal comes within the window, and never in the first half of a life`(life: Int64) {
    let timing = RefreshTiming()
    var random = SplitMix64(seed: UInt64(life))
    for _ in 0..<200 {
      let due = timing.renewalSeconds(
        ofOneThatEndsAt: start + life, now: start, random: random.next())
      let window = min(900, life / 3)
      #expect(due <= start + life - window && due > start + life / 2)
      #expect(due >= start + life - window - window / 5)
    }
  }

  @Test(arguments: [-1, 0, 1, 2])
  func `a life of no length is not asked about without pause`(life: Int64) {
    let due = RefreshTiming().renewalSeconds(
      ofOneThatEndsAt: start + life, now: start, random: .max)
    #expect(due > start)
  }

  @Test func `keys that stay are not asked for again`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    let keys = credential(endsIn: nil)
    #expect(
      state.succeeded(found(keys, kind: .environment), atSeconds: start, random: 0)
        == .use(keys, wakeAfter: nil))
    #expect(state.woke(atSeconds: start + 1_000_000) == .ignore)
    #expect(state.asked(atSeconds: start + 1_000_000) == .use(keys))
  }

  @Test func `a file is looked at again and again`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    let keys = credential(endsIn: nil)
    let mounted = found(keys, kind: .sharedFile, renewal: .every(.seconds(60)))
    #expect(
      state.succeeded(mounted, atSeconds: start, random: 0)
        == .use(keys, wakeAfter: .seconds(60)))
    #expect(state.woke(atSeconds: start + 60) == .attempt)
  }

  @Test func `what is good stays in use while attempts fail, to its last second`() {
    var state = self.resting(on: found(credential()))
    #expect(state.woke(atSeconds: start + 2_700) == .attempt)
    #expect(
      state.failed(atSeconds: start + 2_700, random: 0) == .retry(after: .milliseconds(500)))
    #expect(state.failed(atSeconds: start + 2_700, random: 0) == .ignore)
    #expect(state.asked(atSeconds: start + 3_599) == .use(credential()))
    #expect(state.asked(atSeconds: start + 3_600) == .fail)
    #expect(state.woke(atSeconds: start + 3_600) == .attempt)
    #expect(state.asked(atSeconds: start + 3_600) == .wait)
    let two = credential("two", endsIn: 7_200)
    _ = state.succeeded(found(two), atSeconds: start + 3_601, random: 0)
    #expect(state.asked(atSeconds: start + 3_601) == .use(two))
  }

  @Test func `failures lead to longer and longer pauses, and are forgotten`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    var pauses: [Duration] = []
    for _ in 0..<8 {
      guard case .retry(let pause) = state.failed(atSeconds: start, random: 0) else { break }
      pauses.append(pause)
      #expect(state.asked(atSeconds: start) == .fail)
      #expect(state.isUnderWay == false)
      #expect(state.woke(atSeconds: start) == .attempt)
      #expect(state.asked(atSeconds: start) == .wait)
    }
    #expect(
      pauses
        == [
          .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16),
          .seconds(30), .seconds(30),
        ])
    _ = state.succeeded(found(credential(endsIn: 3)), atSeconds: start, random: 0)
    #expect(state.woke(atSeconds: start + 2) == .attempt)
    #expect(state.failed(atSeconds: start + 2, random: 0) == .retry(after: .milliseconds(500)))
  }

  @Test func `a pause is between the half and the whole of its bound`() {
    let timing = RefreshTiming()
    #expect(timing.backoff(afterFailures: 1, random: 0) == .milliseconds(500))
    #expect(timing.backoff(afterFailures: 1, random: .max) <= .seconds(1))
    #expect(timing.backoff(afterFailures: 1, random: .max) > .milliseconds(999))
    #expect(timing.backoff(afterFailures: .max, random: .max) <= .seconds(60))
  }

  @Test func `a credential that has ended when it comes is a failure`() {
    var state = self.resting(on: found(credential()))
    _ = state.woke(atSeconds: start + 2_700)
    #expect(
      state.succeeded(found(credential("old", endsIn: 0)), atSeconds: start + 2_700, random: 0)
        == .expired(retryAfter: .milliseconds(500)))
    #expect(state.asked(atSeconds: start + 2_700) == .use(credential()))
  }

  @Test func `a call that finds the clock past the end has the source asked`() {
    var state = self.resting(on: found(credential()))
    #expect(state.asked(atSeconds: start + 3_600) == .attempt)
    #expect(state.asked(atSeconds: start + 3_600) == .wait)
    #expect(state.woke(atSeconds: start + 3_600) == .ignore)
  }

  @Test func `from the first success on its source is remembered`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    #expect(state.pinned == nil)
    _ = state.failed(atSeconds: start, random: 0)
    #expect(state.pinned == nil)
    _ = state.woke(atSeconds: start)
    _ = state.succeeded(found(credential(), kind: .webIdentity), atSeconds: start, random: 0)
    #expect(state.pinned == .webIdentity)
    _ = state.woke(atSeconds: start + 2_700)
    _ = state.failed(atSeconds: start + 2_700, random: 0)
    #expect(state.pinned == .webIdentity)
  }

  @Test func `after the stop nothing is asked, and what is good is still handed out`() {
    var state = self.resting(on: found(credential()))
    state.stopped()
    #expect(state.asked(atSeconds: start) == .use(credential()))
    #expect(state.asked(atSeconds: start + 3_600) == .fail)
    #expect(state.woke(atSeconds: start + 3_600) == .ignore)
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .ignore)
    #expect(state.failed(atSeconds: start, random: 0) == .ignore)
    #expect(state.succeeded(found(credential()), atSeconds: start, random: 0) == .ignore)
    #expect(state.started() == false)
    #expect(state.isUnderWay == false)
  }
}

// MARK: - Rejections

extension RefreshStateTests {
  @Test func `what AWS rejects is dropped at once, and another one asked for`() {
    var state = self.resting(on: found(credential()))
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .attempt)
    #expect(state.asked(atSeconds: start) == .wait)
    #expect(state.found == nil)
    // Ten calls met the same refusal: there is one attempt.
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .ignore)
    let two = credential("two")
    _ = state.succeeded(found(two), atSeconds: start, random: 0)
    // A late one, of what is no longer in use.
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .ignore)
    #expect(state.asked(atSeconds: start) == .use(two))
  }

  @Test func `a rejection within an attempt waits for that attempt`() {
    var state = self.resting(on: found(credential()))
    _ = state.woke(atSeconds: start + 2_700)
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .ignore)
    #expect(state.asked(atSeconds: start + 2_700) == .wait)
  }

  @Test func `a rejection within a pause ends it`() {
    var state = self.resting(on: found(credential()))
    _ = state.woke(atSeconds: start + 2_700)
    _ = state.failed(atSeconds: start + 2_700, random: 0)
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .attempt)
    #expect(state.asked(atSeconds: start + 2_700) == .wait)
  }

  @Test func `what comes back after a rejection stays, and is asked about ever more slowly`() {
    let keys = credential(endsIn: nil)
    var state = self.resting(on: found(keys, kind: .environment))
    #expect(state.rejected(keys, atSeconds: start, random: 0) == .attempt)
    for pause in [1, 2, 4, 8] as [Double] {
      #expect(
        state.succeeded(found(keys, kind: .environment), atSeconds: start, random: 0)
          == .use(keys, wakeAfter: nil))
      #expect(state.rejected(keys, atSeconds: start, random: 0) == .attemptAfter(.seconds(pause)))
      #expect(state.rejected(keys, atSeconds: start, random: 0) == .ignore)
      #expect(state.asked(atSeconds: start) == .use(keys))
      #expect(state.woke(atSeconds: start) == .attempt)
      #expect(state.rejected(keys, atSeconds: start, random: 0) == .ignore)
    }
    // Another one begins anew.
    let other = credential("other", endsIn: nil)
    _ = state.succeeded(found(other, kind: .environment), atSeconds: start, random: 0)
    #expect(state.rejected(other, atSeconds: start + 120, random: 0) == .attempt)
  }

  @Test func `where AWS rejects one set after the other, the source is asked ever more slowly`() {
    var state = self.resting(on: found(credential()))
    #expect(state.rejected(credential(), atSeconds: start, random: 0) == .attempt)
    var now = start
    for (number, pause) in [1, 2, 4, 8, 16, 30, 30].enumerated() {
      let newer = credential("\(number)")
      _ = state.succeeded(found(newer), atSeconds: now, random: 0)
      #expect(
        state.rejected(newer, atSeconds: now, random: 0) == .attemptAfter(.seconds(pause)))
      // It is still the best there is.
      #expect(state.asked(atSeconds: now) == .use(newer))
      now += Int64(pause)
      #expect(state.woke(atSeconds: now) == .attempt)
    }
    // One that was good for a while is dropped at once again.
    let good = credential("good")
    _ = state.succeeded(found(good), atSeconds: now, random: 0)
    #expect(state.rejected(good, atSeconds: now + 120, random: 0) == .attempt)
  }
}

// MARK: - Sources that are late

extension RefreshStateTests {
  @Test func `an instance's credential is used beyond its end`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    let late = found(credential(endsIn: -60), renewal: .lenient)
    let extended = credential(endsIn: 900 + 120)
    #expect(
      state.succeeded(late, atSeconds: start, random: 0)
        == .use(extended, wakeAfter: .seconds(120)))
    #expect(state.asked(atSeconds: start + 1_019) == .use(extended))
    // AWS knows the set by its keys.
    #expect(state.rejected(credential(endsIn: -60), atSeconds: start, random: 0) == .attempt)
  }

  @Test func `one that has long to live is renewed like any other`() {
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    let early = credential(endsIn: 21_600)
    #expect(
      state.succeeded(found(early, renewal: .lenient), atSeconds: start, random: 0)
        == .use(early, wakeAfter: .seconds(300)))
  }

  @Test func `while an instance's service is silent its credential lives on`() {
    var state = self.resting(on: found(credential(), renewal: .lenient))
    var now = start + 2_700
    #expect(state.woke(atSeconds: now) == .attempt)
    while now < start + 20_000 {
      guard case .retry = state.failed(atSeconds: now, random: 0) else {
        Issue.record("no way on")
        return
      }
      now += 60
      guard case .use = state.asked(atSeconds: now) else {
        Issue.record("nothing at hand after \(now - start) s")
        return
      }
      #expect(state.woke(atSeconds: now) == .attempt)
    }
  }

  @Test func `others end when they end`() {
    var state = self.resting(on: found(credential()))
    _ = state.woke(atSeconds: start + 3_590)
    _ = state.failed(atSeconds: start + 3_590, random: 0)
    #expect(state.asked(atSeconds: start + 3_600) == .fail)
  }
}

// MARK: - Walks

extension RefreshStateTests {
  @Test(arguments: 0..<50)
  func `whatever happens a good credential is handed out, and there is always a way on`(
    seed: Int
  ) {
    var random = SplitMix64(seed: UInt64(seed))
    var state = RefreshState(timing: RefreshTiming())
    _ = state.started()
    var now = start
    var good: Credential?
    var nextIsSet = true
    for step in 0..<400 {
      now += Int64(random.next() % 200)
      if let good, !good.isExpired(atSeconds: now) {
        #expect(state.asked(atSeconds: now) == .use(good))
      } else if state.asked(atSeconds: now) == .attempt {
        nextIsSet = true
      }
      switch random.next() % 4 {
      case 0:
        let newer = Credential(
          accessKeyID: "\(step)", secretAccessKey: "s",
          expiresAtSeconds: now + Int64(random.next() % 2_000))
        let answer = state.succeeded(found(newer), atSeconds: now, random: random.next())
        if case .use(let credential, let pause) = answer {
          (good, nextIsSet) = (credential, pause != nil)
        }
        if case .expired = answer { nextIsSet = true }
      case 1:
        if case .retry = state.failed(atSeconds: now, random: random.next()) { nextIsSet = true }
      case 2:
        nextIsSet = state.woke(atSeconds: now) != .ignore || nextIsSet
      default:
        if let held = good,
          state.rejected(held, atSeconds: now, random: random.next()) == .attempt
            || state.found == nil
        {
          good = nil
          nextIsSet = true
        }
      }
      #expect(nextIsSet)
    }
  }
}
