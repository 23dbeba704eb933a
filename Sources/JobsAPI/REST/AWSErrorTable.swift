// SPDX-License-Identifier: Apache-2.0

/// What AWS's error names mean to us. The name decides, for the same error comes under different
/// statuses; the status decides only where there is no name.
///
/// Sources: the service model `iot-jobs-data` 2017-09-29, AWS's pages on common errors, and the
/// throttling codes of AWS's own clients.
extension AWSErrorKind {
  /// - Parameter name: Cleaned, with or without the suffix `Exception`; nil if there was none.
  package init(name: String?, httpStatus: Int, message: String) {
    guard let name else {
      self = Self.byStatus[httpStatus] ?? .unknown
      return
    }
    let stem = name.hasSuffix("Exception") ? String(name.dropLast("Exception".count)) : name
    let kind = Self.byName[stem] ?? .unknown
    switch kind {
    // The default host of a region serves no account; it says so in words alone.
    case .accessDenied where message.holds("describe-endpoint"): self = .invalidEndpoint
    case .signingFailed where Self.blamesTheClock(message): self = .clockSkew
    // A host of another service checks the signature against its own name.
    case .signingFailed where message.holds("scoped to correct service"): self = .wrongEndpoint
    default: self = kind
    }
  }

  private static func blamesTheClock(_ message: String) -> Bool {
    message.holds("Signature expired") || message.holds("Signature not yet current")
  }

  /// All names that mean something here, sorted, with the suffix and without it: AWS sends both.
  package static let names: [String] =
    byName.keys.flatMap { [$0, $0 + "Exception"] }.sorted()

  /// Names without their suffix `Exception`.
  private static let byName: [String: AWSErrorKind] = [
    "InvalidRequest": .invalidRequest,
    "Validation": .invalidRequest,
    "ValidationError": .invalidRequest,
    "MalformedHttpRequest": .invalidRequest,
    "RequestEntityTooLarge": .invalidRequest,
    "Serialization": .invalidRequest,

    "ResourceNotFound": .resourceNotFound,
    "TerminalState": .terminalState,
    "TerminalStateReached": .terminalState,
    "InvalidStateTransition": .invalidStateTransition,
    "VersionMismatch": .versionMismatch,
    "VersionConflict": .versionMismatch,
    "Conflict": .conflict,
    "ServiceQuotaExceeded": .quotaExceeded,

    "Throttling": .throttled,
    "Throttled": .throttled,
    "RequestThrottled": .throttled,
    "RequestThrottling": .throttled,
    "TooManyRequests": .throttled,
    "RequestLimitExceeded": .throttled,
    "BandwidthLimitExceeded": .throttled,
    "ProvisionedThroughputExceeded": .throttled,
    "TransactionInProgress": .throttled,
    "LimitExceeded": .throttled,
    "SlowDown": .throttled,
    "PriorRequestNotComplete": .throttled,
    "EC2Throttled": .throttled,

    "ServiceUnavailable": .serviceUnavailable,
    "InternalFailure": .internalFailure,
    "InternalServer": .internalFailure,
    "InternalServerError": .internalFailure,
    "InternalError": .internalFailure,
    "RequestTimeout": .requestTimeout,
    "RequestAborted": .requestTimeout,

    "AccessDenied": .accessDenied,
    "Forbidden": .accessDenied,
    "OptInRequired": .accessDenied,
    "NotAuthorized": .accessDenied,

    "ExpiredToken": .credentialsExpired,
    "UnrecognizedClient": .credentialsExpired,
    "InvalidClientTokenId": .credentialsExpired,

    "InvalidSignature": .signingFailed,
    "SignatureDoesNotMatch": .signingFailed,
    "IncompleteSignature": .signingFailed,
    "MissingAuthenticationToken": .signingFailed,
    "AuthFailure": .signingFailed,
    "RequestExpired": .clockSkew,
    "RequestTimeTooSkewed": .clockSkew,

    "CertificateValidation": .certificate,
    "UnknownOperation": .wrongEndpoint,
  ]

  private static let byStatus: [Int: AWSErrorKind] = [
    408: .requestTimeout,
    429: .throttled,
    500: .internalFailure,
    503: .serviceUnavailable,
  ]
}
