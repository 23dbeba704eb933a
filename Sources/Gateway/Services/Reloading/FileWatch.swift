// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Looks at files that may change, every so often and when the process gets SIGHUP.
///
/// Their content is compared, not their dates: so it is seen when Kubernetes swaps the symbolic link
/// of a mounted volume, when a tool renames a new file over the old one, and when a file is written in
/// place. All reading happens off the event loops.
final class FileWatch: Sendable {
  /// Between two looks at files that are just being changed.
  private static let settling: Duration = .milliseconds(200)
  /// Looks at files that never come to rest, until the next turn.
  private static let settlingLooks = 25

  private let turns: AsyncStream<Void>.Continuation
  private let clock: RepeatedTask?
  private let looking: Task<Void, Never>
  private let hearing: Task<Void, Never>?

  private init(
    turns: AsyncStream<Void>.Continuation, clock: RepeatedTask?, looking: Task<Void, Never>,
    hearing: Task<Void, Never>?
  ) {
    self.turns = turns
    self.clock = clock
    self.looking = looking
    self.hearing = hearing
  }

  /// Begins to watch.
  ///
  /// - Parameters:
  ///   - threads: where files are read and used; stopped after this.
  ///   - hangups: by which somebody asks for a look; nil if nobody can.
  static func start(
    _ list: WatchList, every interval: Duration, on loop: any EventLoop, threads: NIOThreadPool,
    hangups: Hangups?
  ) -> FileWatch {
    // One turn waits at the most: a look that begins later sees all that was changed before.
    let (stream, turns) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let looking = Task {
      var list = list
      for await _ in stream {
        let isAsked = hangups?.lookBegins() ?? false
        // Somebody may have mended what a file did not fit.
        if isAsked { list.judgeAgain() }
        await Self.look(&list, threads)
        if isAsked { hangups?.lookEnded() }
      }
    }
    let pause = TimeAmount(interval)
    let clock =
      list.isEmpty
      ? nil
      : loop.scheduleRepeatedTask(initialDelay: pause, delay: pause) {
        _ in turns.yield()
      }
    let hearing = hangups.map { hangups in Task { await hangups.hear { turns.yield() } } }
    return FileWatch(turns: turns, clock: clock, looking: looking, hearing: hearing)
  }

  /// Returns when nothing is read any more.
  func stop() async {
    self.clock?.cancel()
    self.hearing?.cancel()
    self.turns.finish()
    // Files that do not come to rest are not waited for.
    self.looking.cancel()
    await self.looking.value
  }

  private static func look(_ list: inout WatchList, _ threads: NIOThreadPool) async {
    for _ in 0..<self.settlingLooks {
      let before = list
      let looked = try? await threads.runIfActive {
        var list = before
        let isUnsettled = list.look()
        return (list, isUnsettled)
      }
      // Without threads the process is about to end.
      guard let (after, isUnsettled) = looked else { return }
      list = after
      guard isUnsettled, (try? await Task.sleep(for: self.settling)) != nil else { return }
    }
  }
}
