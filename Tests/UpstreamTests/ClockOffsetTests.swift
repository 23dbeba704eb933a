// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Testing

@testable import Upstream

@Suite struct ClockOffsetTests {
  /// `Fri, 02 Jan 2026 03:04:05 GMT`.
  private static let dateSeconds: Int64 = 1_767_323_045
  private static let date = "Fri, 02 Jan 2026 03:04:05 GMT"

  private static func refusal(_ kind: AWSErrorKind = .clockSkew) -> AWSRefusal {
    AWSRefusal(name: "RequestTimeTooSkewed", httpStatus: 403, message: "", kind: kind)
  }

  private static func refused(
    _ offset: ClockOffset, _ kind: AWSErrorKind = .clockSkew, date: String? = Self.date,
    localSeconds: Int64
  ) -> ClockOffset.OnRefusal {
    offset.refused(
      Self.refusal(kind), date: date, signedAt: localSeconds + offset.seconds, now: localSeconds)
  }

  @Test(arguments: [241, 7_200, 172_800, -241, -7_200, -172_800] as [Int64])
  func `a clock that is off is told from the Date of the refusal`(skew: Int64) {
    let offset = ClockOffset()
    let local = Self.dateSeconds - skew
    #expect(Self.refused(offset, localSeconds: local) == .corrected(seconds: skew))
    #expect(offset.seconds == skew)
    // What is signed by it and refused again was refused for something else.
    #expect(Self.refused(offset, localSeconds: local) == .unblamed)
    #expect(offset.seconds == skew)
  }

  @Test(arguments: [0, 240, -240, 172_801, -172_801, .max, .min] as [Int64])
  func `a clock that is right enough is not to blame, nor is one beyond belief`(skew: Int64) {
    let offset = ClockOffset()
    let (local, overflow) = Self.dateSeconds.subtractingReportingOverflow(skew)
    #expect(
      Self.refused(offset, localSeconds: overflow ? .max : local) == .unblamed)
    #expect(offset.seconds == 0)
  }

  @Test(arguments: [nil, "", "yesterday", "2026-01-02T03:04:05Z"])
  func `without a Date there is nothing to go by`(date: String?) {
    #expect(Self.refused(ClockOffset(), date: date, localSeconds: 1) == .unblamed)
  }

  @Test(arguments: [
    (AWSErrorKind.clockSkew, true), (.signingFailed, true), (.accessDenied, false),
    (.credentialsExpired, false), (.throttled, false), (.internalFailure, false),
    (.wrongEndpoint, false),
  ])
  func `only a refused signature tells of the clock`(kind: AWSErrorKind, tells: Bool) {
    let answer = Self.refused(ClockOffset(), kind, localSeconds: Self.dateSeconds - 999)
    #expect(answer == (tells ? .corrected(seconds: 999) : .unblamed))
  }

  @Test func `requests under way together tell it once`() {
    let offset = ClockOffset()
    let local = Self.dateSeconds - 7_200
    let signedAt = local
    for (later, answer) in [(0, .corrected(seconds: 7_200)), (30, .known)]
      as [(Int64, ClockOffset.OnRefusal)]
    {
      #expect(
        offset.refused(
          Self.refusal(), date: Self.date, signedAt: signedAt, now: local + later) == answer)
    }
    #expect(offset.seconds == 7_200)
  }

  @Test func `a clock that is set right is believed again`() {
    let offset = ClockOffset()
    _ = Self.refused(offset, localSeconds: Self.dateSeconds - 7_200)
    #expect(Self.refused(offset, localSeconds: Self.dateSeconds) == .corrected(seconds: 0))
    #expect(offset.seconds == 0)
  }
}
