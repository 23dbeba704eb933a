// SPDX-License-Identifier: Apache-2.0

// OperatorServer knows pages, JSON and who may ask for them. It does not know the gateway: what it
// shows, and the one thing that it changes, it asks a desk for.

package import Logging

/// Whom the operator's listener asks. The closures are called off the event loops, by several
/// requests at a time; a page is open for hours and asks every two seconds, so none of them may cost
/// the calls anything.
package struct OperatorDesk: Sendable {
  /// What serves now: its version, whether it is ready and why not.
  package var status: @Sendable () async -> JSONTree
  /// Every setting in force with the source of its value, secrets left out.
  package var configuration: @Sendable () async -> JSONTree
  /// The things that are refused most.
  package var offenders: @Sendable () async -> JSONTree
  /// Connections to AWS, by event loop.
  package var pool: @Sendable () async -> JSONTree
  /// Stored answers, by event loop.
  package var cache: @Sendable () async -> JSONTree
  /// The least severe level that is written.
  package var logLevel: @Sendable () -> Logger.Level
  package var setLogLevel: @Sendable (Logger.Level) -> Void

  package init(
    status: @escaping @Sendable () async -> JSONTree,
    configuration: @escaping @Sendable () async -> JSONTree,
    offenders: @escaping @Sendable () async -> JSONTree,
    pool: @escaping @Sendable () async -> JSONTree,
    cache: @escaping @Sendable () async -> JSONTree,
    logLevel: @escaping @Sendable () -> Logger.Level,
    setLogLevel: @escaping @Sendable (Logger.Level) -> Void
  ) {
    self.status = status
    self.configuration = configuration
    self.offenders = offenders
    self.pool = pool
    self.cache = cache
    self.logLevel = logLevel
    self.setLogLevel = setLogLevel
  }
}
