// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

struct StageTimesTests {
  @Test func `each stage keeps its own sum, in whole microseconds`() {
    var times = StageTimes()
    for (index, stage) in StageTimes.Stage.allCases.enumerated() {
      times.add(.nanoseconds(1_999 + 1_000 * Int64(index)), to: stage)
      times.add(.microseconds(10), to: stage)
    }
    #expect(StageTimes.Stage.allCases.map { times[$0] } == [11, 12, 13, 14, 15, 16, 17])
    #expect(StageTimes.Stage.allCases.map(\.index) == Array(0..<7))
  }

  @Test func `what comes later is added stage by stage`() {
    let first = StageTimes(.queue, .milliseconds(1))
    var later = StageTimes(.queue, .milliseconds(2))
    later.add(.milliseconds(3), to: .backoff)
    let sum = first.followed(by: later)
    #expect(sum[.queue] == 3_000 && sum[.backoff] == 3_000 && sum[.sign] == 0)
    #expect(sum == later.followed(by: first))
    #expect(sum != later)
  }

  @Test func `what is too long stays at the end, and no more is added`() {
    var times = StageTimes(.limiter, .seconds(Int64.max))
    #expect(times[.limiter] == .max)
    times.add(.microseconds(1), to: .limiter)
    #expect(times[.limiter] == .max && times.followed(by: times)[.limiter] == .max)
    #expect(times[.queue] == 0)
  }

  @Test(arguments: [Duration.zero, .nanoseconds(-1), .seconds(-1), .seconds(Int64.min)])
  func `no time, or time that went backwards, counts as none`(duration: Duration) {
    #expect(StageTimes(.sign, duration) == StageTimes())
  }

  @Test func `a call's stages add up over its attempts`() {
    var first = UpstreamTrace(attempts: 1)
    first.stages.add(.milliseconds(5), to: .firstByte)
    var second = UpstreamTrace(attempts: 1)
    second.stages.add(.milliseconds(7), to: .firstByte)
    #expect(first.followed(by: second).stages[.firstByte] == 12_000)
  }
}
