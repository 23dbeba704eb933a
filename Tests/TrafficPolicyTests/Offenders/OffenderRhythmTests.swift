// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TrafficPolicy

@Suite struct OffenderRhythmTests {
  @Test func `the first refusal brings a line after a second, and only one`() {
    var rhythm = OffenderRhythm()
    #expect(rhythm.refused() == .armTimer(milliseconds: 1_000))
    #expect(rhythm.refused() == .nothing)
    #expect(rhythm.timerFired() == .write(armTimerMilliseconds: 60_000))
  }

  @Test func `after a minute without refusals it is quiet again`() {
    var rhythm = OffenderRhythm()
    _ = rhythm.refused()
    _ = rhythm.timerFired()
    #expect(rhythm.timerFired() == .forget)
    #expect(rhythm.refused() == .armTimer(milliseconds: 1_000))
  }

  @Test func `refusals within the minute wait for its end`() {
    var rhythm = OffenderRhythm()
    _ = rhythm.refused()
    _ = rhythm.timerFired()
    for _ in 0..<3 {
      #expect(rhythm.refused() == .nothing)
      #expect(rhythm.refused() == .nothing)
      #expect(rhythm.timerFired() == .write(armTimerMilliseconds: 60_000))
    }
    #expect(rhythm.timerFired() == .forget)
  }

  @Test func `a timer that nobody waits for changes nothing`() {
    var rhythm = OffenderRhythm()
    #expect(rhythm.timerFired() == .forget)
    #expect(rhythm.refused() == .armTimer(milliseconds: 1_000))
  }
}
