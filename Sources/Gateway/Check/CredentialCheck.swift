// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Upstream

/// What is told of credentials: where they come from, how long they last, and of the access key no
/// more than its end.
enum CredentialCheck {
  private static let repair =
    "give the gateway credentials: a role by the pod's service account (IRSA, Pod Identity), a "
    + "task's or an instance's role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

  static let unsignable = CheckLine.failed(
    .call, "the credential holds bytes that no header can carry",
    repair: "set the keys again, without blanks and line ends")

  /// - Parameter step: the source that counts; nil if none is configured.
  static func line(
    _ status: CredentialStatus, now: Int64, asked step: CredentialPlan.Step? = nil
  ) -> CheckLine {
    guard let held = status.held else {
      return .failed(.credentials, status.failure ?? "none", repair: Self.repair(of: step))
    }
    let words = "\(held.kind.name), from \(held.origin), access key \(held.loggableID)"
    guard let end = held.expiresAtSeconds else {
      return .ok(.credentials, "\(words), without an end")
    }
    let until = "until \(Self.text(of: end))"
    guard now < end else {
      return .failed(
        .credentials, "\(words), were good \(until)",
        repair: status.failure.map { "renewing failed: \($0)" }
          ?? "get new ones where they came from, or set this machine's clock")
    }
    return .ok(.credentials, "\(words), good \(until), \(Self.span(end - now)) from now")
  }

  /// A source that was asked in vain is to be mended itself: nothing that comes after it is asked.
  private static func repair(of step: CredentialPlan.Step?) -> String {
    switch step?.finding {
    case nil, .absent: self.repair
    case .refused:
      "mend that setting, or unset it: the first source that is configured is asked, and no other"
    case .configured(.assumeRole), .configured(.webIdentity):
      "see that STS is reached from here (network policy, proxy, VPC endpoint) and that the role's "
        + "trust policy lets this identity assume it"
    case .configured(.process):
      "run the program by hand, as the user and with the variables that the gateway has: it must "
        + "print credentials that are still good"
    case .configured(.container):
      "see that the agent runs (EKS Pod Identity, ECS) and that a role is associated with this pod's "
        + "service account or task"
    case .configured(.instanceMetadata):
      self.repair + "; for an instance's role in a pod its metadata hop limit must be 2"
    case .configured(.environment), .configured(.sharedFile), .configured(.configFile):
      "mend the keys where they come from"
    }
  }

  /// `2026-01-02T03:04:05Z`.
  static func text(of epochSeconds: Int64) -> String {
    let time = CivilTime(clampingEpochSeconds: epochSeconds)
    let date = [time.year, time.month, time.day].map(Self.digits).joined(separator: "-")
    let clock = [time.hour, time.minute, time.second].map(Self.digits).joined(separator: ":")
    return "\(date)T\(clock)Z"
  }

  private static func digits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }

  private static func span(_ seconds: Int64) -> String {
    switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\(seconds / 60) min"
    default: "\(seconds / 3_600) h"
    }
  }
}

extension CredentialStatus.Held {
  /// The end of the access key's id, and where it came from.
  var words: String { "\(self.loggableID), from \(self.origin)" }
}
