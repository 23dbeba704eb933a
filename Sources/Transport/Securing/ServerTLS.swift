// SPDX-License-Identifier: Apache-2.0

package import CryptoEngine
import Synchronization

/// How a listener secures its connections: the context in force, which is replaced when a certificate
/// or an authority changes. Connections keep the one that they began with.
package final class ServerTLS: Sendable {
  private let context: Mutex<TLSServerContext>

  package init(_ context: TLSServerContext) {
    self.context = Mutex(context)
  }

  /// What a connection that begins now is secured with.
  package var current: TLSServerContext { self.context.withLock { $0 } }

  package func replace(with context: TLSServerContext) {
    // The former may hold the last reference to much, which is freed outside of the lock.
    _ = self.context.withLock { current in
      defer { current = context }
      return current
    }
  }
}
