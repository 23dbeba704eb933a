// SPDX-License-Identifier: Apache-2.0

/// `HealthCheckResponse.ServingStatus` of grpc.health.v1 (health-checking.md of grpc/grpc).
package enum ServingStatus: UInt64, Equatable, Sendable {
  case serving = 1
  case notServing = 2
  /// Told to watchers only, of a service that does not exist.
  case serviceUnknown = 3
}
