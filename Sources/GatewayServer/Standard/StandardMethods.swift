// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import StandardServices

/// The standard methods as this server offers them, one for the process.
package struct StandardMethods: Sendable {
  private let health: HealthStatuses
  private let descriptors: DescriptorIndex?

  /// - Parameters:
  ///   - health: what health checks are answered from.
  ///   - descriptors: what reflection is answered from; nil offers no reflection.
  package init(health: HealthStatuses, descriptors: DescriptorIndex? = nil) {
    self.health = health
    self.descriptors = descriptors
  }

  /// The work of a new call; nil for a method that is not offered.
  ///
  /// - Parameter newsArrived: called from any thread when the call may have more to say.
  func begin(
    _ method: StandardMethod, newsArrived: @escaping @Sendable () -> Void
  ) -> (any StreamedCall)? {
    switch method {
    case .healthCheck: HealthAnswerCall.check(self.health)
    case .healthList: HealthAnswerCall.list(self.health)
    case .healthWatch: HealthWatchCall(self.health, newsArrived)
    case .reflection: self.descriptors.map { ReflectionCall($0) }
    }
  }
}
