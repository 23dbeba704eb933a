// SPDX-License-Identifier: Apache-2.0

/// How a call ended, by whose turn it is to do something about it.
enum CallOutcome: String, CaseIterable, Sendable {
  case ok
  /// The caller's, who calls more often than a limit allows.
  case limited
  /// The caller's, whose call could not be done, or was not allowed.
  case caller
  /// Nobody's: the caller no longer wanted it.
  case cancelled
  /// Whoever runs the gateway, or AWS.
  case failed

  /// - Parameter code: the name of a gRPC status code.
  init(code: String) {
    self = Self.allCases.first { $0.codes.contains(code) } ?? .failed
  }

  /// The codes that stand for it; none for ``failed``, which all others do.
  var codes: Set<String> {
    switch self {
    case .ok: ["OK"]
    case .limited: ["RESOURCE_EXHAUSTED"]
    case .caller:
      [
        "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED",
        "OUT_OF_RANGE", "PERMISSION_DENIED", "UNAUTHENTICATED", "UNIMPLEMENTED",
      ]
    case .cancelled: ["CANCELLED"]
    case .failed: []
    }
  }

  /// The samples of calls, labelled with their codes, that ended so.
  var filter: LabelFilter {
    switch self {
    case .ok, .limited, .caller, .cancelled: .label("code", self.codes)
    case .failed:
      .notLabel("code", Self.allCases.reduce(into: []) { $0.formUnion($1.codes) })
    }
  }
}
