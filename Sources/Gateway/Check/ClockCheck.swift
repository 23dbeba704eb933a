// SPDX-License-Identifier: Apache-2.0

import AWSSigning

/// Compares this machine's clock with the one that an answer was dated by.
enum ClockCheck {
  /// What a network and a busy server may account for.
  private static let tolerableSeconds: Int64 = 30
  /// AWS refuses signatures that are further off; some of its services are laxer.
  private static let refusedSeconds: Int64 = 300

  private static let repair =
    "set the clock of the machine (chronyd or systemd-timesyncd); a pod has its node's"

  /// - Parameters:
  ///   - date: the `Date` header of an answer.
  ///   - now: this machine's time when the answer came, in seconds since 1970.
  static func line(date: String?, now: Int64) -> CheckLine {
    guard let date, let theirs = CivilTime.epochSeconds(httpDate: date) else {
      return .skipped(.clock, "the answer has no date that can be read")
    }
    let ahead = now - theirs
    let words =
      ahead == 0
      ? "in step with AWS's"
      : "\(abs(ahead)) s \(ahead > 0 ? "ahead of" : "behind") AWS's"
    switch abs(ahead) {
    case ...Self.tolerableSeconds: return .ok(.clock, words)
    case ..<Self.refusedSeconds: return .warning(.clock, words, repair: Self.repair)
    default: return .failed(.clock, words, repair: Self.repair)
    }
  }
}
