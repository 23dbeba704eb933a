// SPDX-License-Identifier: Apache-2.0

import StandardServices

/// What this server says of its services: all are served while it is ready, and none is otherwise.
package struct HealthStatuses: Sendable {
  /// The names that may be asked for; the empty one is the server as a whole.
  package static let services = ["", "iot.jobs.dataplane.v1.JobsDataPlaneService"]

  let readiness: Readiness

  package init(_ readiness: Readiness) {
    self.readiness = readiness
  }

  /// Of every service that there is.
  var status: ServingStatus { self.readiness.isReady ? .serving : .notServing }

  /// Nil for a service that there is not.
  func status(of service: String) -> ServingStatus? {
    Self.services.contains(service) ? self.status : nil
  }
}
