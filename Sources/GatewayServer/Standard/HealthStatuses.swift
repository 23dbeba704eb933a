// SPDX-License-Identifier: Apache-2.0

import StandardServices

/// What this server says of its services: all are served while it is ready, and none is otherwise.
package struct HealthStatuses: Sendable {
  /// The names that may be asked for; the empty one is the server as a whole.
  private(set) var services = ["", "iot.jobs.dataplane.v1.JobsDataPlaneService"]

  let readiness: Readiness

  package init(_ readiness: Readiness) {
    self.readiness = readiness
  }

  /// The same with the names of what is offered besides the operations.
  func naming(presigning: Bool, watching: Bool) -> HealthStatuses {
    var copy = self
    if presigning { copy.services.append("iot.jobs.dataplane.v1.JobsPresignService") }
    if watching { copy.services.append("iot.jobs.dataplane.v1.JobsWatchService") }
    return copy
  }

  /// Of every service that there is.
  var status: ServingStatus { self.readiness.isReady ? .serving : .notServing }

  /// Nil for a service that there is not.
  func status(of service: String) -> ServingStatus? {
    self.services.contains(service) ? self.status : nil
  }
}
