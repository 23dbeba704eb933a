// SPDX-License-Identifier: Apache-2.0

import GRPCWire

/// The standard methods as this server offers them, one for the process.
package struct StandardMethods: Sendable {
  private let health: HealthStatuses

  /// - Parameter health: what health checks are answered from.
  package init(health: HealthStatuses) {
    self.health = health
  }

  func offers(_ method: StandardMethod) -> Bool {
    switch method {
    case .healthCheck, .healthList, .healthWatch: true
    case .reflection: false
    }
  }

  /// - Parameter newsArrived: called from any thread when the call may have more to say.
  func begin(
    _ method: StandardMethod, newsArrived: @escaping @Sendable () -> Void
  ) -> any StreamedCall {
    switch method {
    case .healthCheck: HealthCheckCall(self.health)
    case .healthList: HealthListCall(self.health)
    case .healthWatch: HealthWatchCall(self.health, newsArrived)
    case .reflection: HealthListCall(self.health)
    }
  }
}
