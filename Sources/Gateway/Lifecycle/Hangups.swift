// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UnixSignals

/// SIGHUP, by which somebody asks for a look at the files that may change; the service manager is
/// told of it.
///
/// A hang-up that nobody has taken over ends the process. So it is taken over before anything is
/// started, and one that comes during the start is kept until there is something to look at.
final class Hangups: Sendable {
  private let signals: UnixSignalsSequence
  private let notifier: ServiceNotifier?
  /// Somebody has asked, and no look has begun since.
  private let isAsked = Atomic(false)

  /// Takes them over. To be asked for once.
  init(telling notifier: ServiceNotifier?) async {
    self.signals = await UnixSignalsSequence(trapping: .sighup)
    self.notifier = notifier
  }

  /// Says each time that somebody asks, until the task is cancelled.
  func hear(_ heard: () -> Void) async {
    for await _ in self.signals {
      self.notifier?.reloading()
      self.isAsked.store(true, ordering: .relaxed)
      heard()
    }
  }

  /// A look at the files begins.
  ///
  /// - Returns: whether somebody asked for it; then ``lookEnded()`` is due.
  func lookBegins() -> Bool {
    self.isAsked.exchange(false, ordering: .relaxed)
  }

  func lookEnded() {
    self.notifier?.reloaded()
  }
}
