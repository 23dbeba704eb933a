// SPDX-License-Identifier: Apache-2.0

package import RESTServer

/// What goes wrong with all requests of a server, by chance or one after the other.
///
/// With one seed and one order of requests the same requests fail in each run. Each request draws
/// all its lots, whatever comes of them, so raising one rate does not shift the others.
package struct FaultPlan: Equatable, Sendable {
  /// Operations the plan concerns, by ``ServedOperation/name``; empty: the four of the data plane.
  package var operations: Set<String> = []
  package var seed: UInt64 = 1

  /// Before each operation.
  package var latencyMilliseconds: Int64 = 0
  /// Up to this much more, evenly spread.
  package var latencyJitterMilliseconds: Int64 = 0

  /// From 0 to 1; refused before the operation, with one of `errors`, taken in turn by lot.
  package var errorRate = 0.0
  package var errors = Self.usualErrors
  package var dropBeforeRate = 0.0
  package var dropAfterRate = 0.0
  package var truncateRate = 0.0
  /// From 0 to 1; answered 200 with one of the bodies of ``Fault/Body``, by lot.
  package var malformedRate = 0.0

  /// Requests a second before ThrottlingException 429; nil: no limit.
  package var throttleRatePerSecond: Double?
  /// Requests that may come at once; nil: one second's worth, and at least 1.
  package var throttleBurst: Double?

  /// Faults for the next requests, one each, before any lot is drawn.
  package var next: [Fault] = []
  package static let nextLimit = 1_000

  package static let usualErrors: [AWSError] = [
    AWSError(500, "InternalFailure", "InternalFailure on demand."),
    AWSError(503, "ServiceUnavailableException", "ServiceUnavailableException on demand."),
    AWSError(429, "ThrottlingException", "Rate exceeded"),
  ]

  /// Nothing goes wrong.
  package static let none = FaultPlan()

  package init() {}
}
