// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport

/// Isolated to a loop, as the server's connections are.
private actor Resident {
  nonisolated let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    // The loop outlives the actor, which holds it.
    unsafe self.loop.executor.asUnownedSerialExecutor()
  }

  func isHome() -> Bool { self.loop.inEventLoop }
}

private final class Flag: Sendable {
  let isSet = Atomic(false)
}

@Suite struct LoopTaskExecutorTests {
  @concurrent private func isInLoop(_ loop: any EventLoop) async -> Bool { loop.inEventLoop }

  @Test func `a task is in its loop at the start and after each wait`() async {
    let group = MultiThreadedEventLoopGroup.singleton
    let loop = group.next()
    let elsewhere = group.next()
    let executor = LoopTaskExecutor(loop)
    let resident = Resident(loop)
    let places = await Task(executorPreference: executor) {
      var places = [loop.inEventLoop]
      await withCheckedContinuation { continuation in
        elsewhere.execute { continuation.resume() }
      }
      places.append(loop.inEventLoop)
      places.append(await self.isInLoop(loop))
      places.append(await resident.isHome())
      places.append(loop.inEventLoop)
      return places
    }.value
    #expect(places == [true, true, true, true, true])
  }

  @Test func `a cancelled task is told in its loop`() async {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let isCancelled = loop.makePromise(of: Void.self)
    let task = Task(executorPreference: LoopTaskExecutor(loop)) {
      await withCheckedContinuation { continuation in
        isCancelled.futureResult.whenComplete { _ in continuation.resume() }
      }
      return loop.inEventLoop && Task.isCancelled
    }
    task.cancel()
    isCancelled.succeed()
    #expect(await task.value)
  }

  /// Waits for what the loop does in a later turn of its own.
  private func inner(_ loop: any EventLoop, _ turnIsOver: Flag) async {
    await withCheckedContinuation { continuation in
      loop.execute {
        continuation.resume()
        // Behind the continuation in the loop's queue, and before whatever it would enqueue.
        loop.execute { turnIsOver.isSet.store(true, ordering: .relaxed) }
      }
    }
  }

  private func outer(_ loop: any EventLoop, _ turnIsOver: Flag) async -> Bool {
    await self.inner(loop, turnIsOver)
    return turnIsOver.isSet.load(ordering: .relaxed)
  }

  @Test func `a task goes back through its layers without another trip through the loop`() async {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let tookAnotherTurn = await Task(executorPreference: LoopTaskExecutor(loop)) {
      let turnIsOver = Flag()
      return await self.outer(loop, turnIsOver)
    }.value
    #expect(!tookAnotherTurn)
  }
}
