// SPDX-License-Identifier: Apache-2.0

import GRPCWire
package import JobWatching
package import JobsAPI
import NIOCore
package import StandardServices

/// The methods besides the operations as this server offers them, one for the process.
package struct StandardMethods: Sendable {
  private let health: HealthStatuses
  private let descriptors: DescriptorIndex?
  private let presigner: (any CallPresigner)?
  let watches: JobWatches?

  /// - Parameters:
  ///   - health: what health checks are answered from.
  ///   - descriptors: what reflection is answered from; nil offers no reflection.
  ///   - presigner: what signs URLs; nil offers none.
  ///   - watches: what watches and waits are answered from; nil offers none.
  package init(
    health: HealthStatuses, descriptors: DescriptorIndex? = nil,
    presigner: (any CallPresigner)? = nil, watches: JobWatches? = nil
  ) {
    self.health = health.naming(presigning: presigner != nil, watching: watches != nil)
    self.descriptors = descriptors
    self.presigner = presigner
    self.watches = watches
  }

  /// The work of a new call; nil for a method that is not offered.
  ///
  /// - Parameters:
  ///   - loop: the connection's.
  ///   - newsArrived: called from any thread when the call may have more to say.
  func begin(
    _ method: StandardMethod, by caller: StreamedCaller, on loop: any EventLoop,
    newsArrived: @escaping @Sendable () -> Void
  ) -> (any StreamedCall)? {
    func scene(_ watches: JobWatches) -> WatchScene {
      WatchScene(method, of: watches, by: caller, on: loop, newsArrived: newsArrived)
    }
    return switch method {
    case .healthCheck: HealthAnswerCall.check(self.health)
    case .healthList: HealthAnswerCall.list(self.health)
    case .healthWatch: HealthWatchCall(self.health, newsArrived)
    case .reflection: self.descriptors.map { ReflectionCall($0) }
    case .presign: self.presigner.map { PresignCall($0, by: caller, newsArrived) }
    case .watchPending: self.watches.map { PendingWatchCall(scene($0)) }
    case .waitForExecution: self.watches.map { ExecutionWaitCall(scene($0)) }
    }
  }
}
