// SPDX-License-Identifier: Apache-2.0

import GatewayServer

extension Readiness {
  /// Returns once it is ready, or when the task is cancelled.
  func becomesReady() async {
    let (changes, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let observer = self.observe { continuation.yield() }
    defer { self.stop(observer) }
    if self.isReady { return }
    for await _ in changes where self.isReady { return }
  }
}
